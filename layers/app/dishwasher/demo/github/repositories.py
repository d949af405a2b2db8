"""How accounts and repositories come to be."""

from __future__ import annotations

import secrets

from dishwasher.demo.github.accounts import AccountKind, User
from dishwasher.demo.github.gitdir import GitDirectory
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.world import World

__all__ = ["fork", "make_user", "place"]


def make_user(world: World, login: str, kind: AccountKind, name: str = "") -> User:
    """Only people get a token of their own."""
    made = User(
        id=world.new_id(),
        login=login,
        name=name or login,
        email=f"{login}@users.noreply.example.com",
        kind=kind,
        token=f"ghp_{secrets.token_hex(18)}" if kind is AccountKind.user else "",
    )
    return world.add_user(made)


def place(
    world: World,
    owner: User,
    name: str,
    *,
    private: bool,
    default_branch: str,
    description: str = "",
    parent: Repository | None = None,
) -> Repository:
    """An empty repository; a fork shares the objects of its parent."""
    taken = world.repository(owner.login, name)
    if taken is not None and taken.name.lower() == name.lower():
        raise ValueError(f"{owner.login}/{name} is there already")
    id_, now = world.new_id(), world.clock.now()
    shared = None if parent is None else world.git[parent.id].folder
    world.git[id_] = GitDirectory.create(world.data / f"{id_}.git", default_branch, shared)
    return world.place(
        Repository(
            id=id_,
            owner_id=owner.id,
            name=name,
            private=private,
            default_branch=default_branch,
            description=description,
            fork_of=None if parent is None else parent.id,
            collaborators={},
            created_at=now,
            pushed_at=now,
        )
    )


def fork(world: World, parent: Repository, owner: str) -> Repository:
    """With all branches and tags; the account is made if it is not there."""
    account = world.user(owner) or make_user(world, owner, AccountKind.user)
    made = place(
        world,
        account,
        parent.name,
        private=parent.private,
        default_branch=parent.default_branch,
        parent=parent,
    )
    for ref, sha in world.git[parent.id].refs.items():
        if ref.startswith(("refs/heads/", "refs/tags/")):
            world.git[made.id].update(ref, sha)
    return made
