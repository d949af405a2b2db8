"""A command in a comment → carried out for whoever may write, or refused with the reason.

The comment is acknowledged by a reaction, and where that is not enough our own comment answers; a
command makes no comment of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core import comment as telling
from dishwasher.core import pull
from dishwasher.core.approval import LOOKED, Approval
from dishwasher.core.build import Build, build_group
from dishwasher.core.command import MOST, Command, Reaction, Tally, Verb, read
from dishwasher.core.config import Kind
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import Comment, Event, EventKind
from dishwasher.core.job import MEETS_A_NEED, Job
from dishwasher.core.pull import Pull, pull_id
from dishwasher.core.report import Report, pull_key
from dishwasher.core.session import Person
from dishwasher.errors import Conflict, Refused, Rejected, Unseen
from dishwasher.flow.building import Building
from dishwasher.flow.cancel import Cancels
from dishwasher.flow.rerun import NOT_RUN, Clicks
from dishwasher.flow.work import Work, ignore
from dishwasher.ports import Comments, Members, Record, Topic

NAMED = 10
"""Checks that an answer names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command of somebody who may give it, and where the pull request stands now."""

    delivery: Delivery
    event: Event
    comment: Comment
    command: Command
    head: str


class _Declined(Exception):
    """It is not carried out; the text is for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Commands:
    comments: Comments
    members: Members
    building: Building
    clicks: Clicks
    cancels: Cancels

    def __call__(self, delivery: Delivery, event: Event, comment: Comment) -> None:
        command = read(comment.line)
        if command is None:
            self._ignore(delivery, event, "the first line of the comment is no command of ours")
            return
        if not self._counted(delivery, event):
            self._ignore(delivery, event, f"{event.sender} has given {MOST} commands just before")
            return
        talk = self.comments.conversation(event.repository, comment.number)
        if not talk.is_open or talk.is_locked:
            state = "locked" if talk.is_open else "closed"
            self._ignore(delivery, event, f"pull request {comment.number} is {state}")
            return
        if not self.members.may_write(event.repository, Person(event.sender_id, event.sender)):
            self._react(event, comment, Reaction.REFUSED)
            self._ignore(delivery, event, f"{event.sender} may not write to the repository")
            return
        self._obey(Asked(delivery, event, comment, command, talk.head))

    def _counted(self, delivery: Delivery, event: Event) -> bool:
        """Before anything is asked of GitHub: everybody may write comments."""
        store, key = self.building.store, f"{event.repository.id}/{event.sender_id}"
        before = store.get(Tally, key) or Tally(key)
        after = before.with_one(delivery.id, self.building.clock.now())
        if after is not None and after != before:
            store.save(after)
        return after is not None

    def _obey(self, asked: Asked) -> None:
        try:
            if asked.command.mistake:
                raise _Declined(asked.command.mistake)
            match asked.command.verb:
                case Verb.HELP:
                    self._help(asked)
                case Verb.CANCEL:
                    self._cancel(asked)
                case Verb.RERUN:
                    self._rerun(asked)
                case _:
                    self._approve(asked)
        except _Declined as declined:
            unclear = Reaction.UNCLEAR if asked.command.mistake else Reaction.REFUSED
            self._react(asked.event, asked.comment, unclear)
            row = replace(self._row(asked), answer=str(declined))
            self._answer(asked, row, str(declined))

    def _help(self, asked: Asked) -> None:
        self._taken(asked)
        self._answer(asked, replace(self._row(asked), helps=True), "it asked for help")

    def _cancel(self, asked: Asked) -> None:
        running = [
            build
            for build in self._builds(asked)
            if not build.abandoned and self.cancels.unfinished(build)
        ]
        if not running:
            raise _Declined("There is nothing to cancel: no check is under way.")
        self._taken(asked)
        for build in running:
            self.cancels.checks(asked.event, build)
        self._ignore(asked.delivery, asked.event, "what had not ended was cancelled")

    def _rerun(self, asked: Asked) -> None:
        jobs = self._jobs(asked)
        name = asked.command.argument.removeprefix("dishwasher / ")
        if name:
            job = next((job for job in jobs if job.spec.name == name), None)
            if job is None:
                names = ", ".join(job.spec.name for job in jobs[:NAMED])
                raise _Declined(f"There is no check {name} here. There is: {names or 'none yet'}.")
            if not job.is_over:
                raise _Declined(f"{name} has not ended yet.")
            kind = EventKind.RERUN
        else:
            failed = [
                job for job in jobs if job.is_over and job.reason not in MEETS_A_NEED | NOT_RUN
            ]
            if not failed:
                raise _Declined("There is nothing to run again: no check has failed.")
            job, kind = max(failed, key=lambda one: one.created), EventKind.RERUN_FAILED
        self._taken(asked)
        self.clicks(asked.delivery, replace(asked.event, kind=kind, sha=asked.head, job=job.id))

    def _approve(self, asked: Asked) -> None:
        """Exactly the commit that was looked at: what came later was not."""
        row, head, given = self._row(asked), asked.head, asked.comment.created
        stood = row.head == head and 0.0 < row.moved < given - LOOKED
        wanted = asked.command.argument or (head if stood else "")
        if not wanted:
            raise _Declined(
                "The branch may have been pushed to after that was written. Look at it as it is "
                f"now, then write /approve {head}"
            )
        if wanted != head:
            raise _Declined(f"The pull request does not stand at {wanted[:12]} but at {head}.")
        builds = self._builds(asked)
        if any(one.is_trusted for one in builds or self._at(asked)):
            raise _Declined("This commit is the team's: its own configuration counts already.")
        if row.head != head or not builds:
            raise Unseen(f"{head[:12]} is not planned yet")
        build = max(builds, key=lambda one: one.created)
        self._taken(asked)
        row = self._row(asked)
        if row.head != head:
            raise Conflict(f"pull request {asked.comment.number} was pushed to meanwhile")
        event, comment = asked.event, asked.comment
        again = replace(build.event, delivery=asked.delivery.id, repository=event.repository)
        request = again.pull_request
        base = request.base_ref if request else ""
        approval = Approval(head, event.sender_id, event.sender, given, comment.id, base)
        notes = (pull.told(request),) if request and request.merge else ()
        along = (replace(row, approval=approval),)
        work = Work(
            asked.delivery,
            replace(again, rerun=False, job="", label=""),
            build.doubt,
            notes,
            approval,
        )
        self.building(replace(work, along=along))
        # Not before: where its own configuration asks for nothing, the checks go on.
        self.cancels.approved(asked.delivery, event, comment.number, head)

    def _taken(self, asked: Asked) -> None:
        row = self._row(asked)
        if row.answer:
            self.building.store.save(replace(row, answer=""))
        self._react(asked.event, asked.comment, Reaction.TAKEN)

    def _react(self, event: Event, comment: Comment, reaction: Reaction) -> None:
        try:
            self.comments.react(event.repository, comment.id, reaction)
        except (Refused, Rejected):
            # GitHub will not have it: that is no reason to leave undone what was asked.
            return

    def _answer(self, asked: Asked, row: Pull, reason: str) -> None:
        """Our comment says it; who reports is told that there is something to say."""
        key = pull_key(asked.event.repository.id, asked.comment.number)
        builds = self._builds(asked)
        along: tuple[Record, ...] = (row,)
        if builds:
            latest = max(builds, key=lambda one: one.created)
            report = self.building.store.get(Report, key) or Report(key)
            along = (row, report.owing(latest.id, self.building.clock.now()))
        ignore(self.building.store, Work(asked.delivery, asked.event, along=along), reason)
        if builds:
            self.building.bells.ring(Topic.REPORTS, latest.id)

    def _row(self, asked: Asked) -> Pull:
        key = pull_id(asked.event.repository.id, asked.comment.number)
        return self.building.store.get(Pull, key) or Pull(key)

    def _builds(self, asked: Asked) -> tuple[Build, ...]:
        """Those of the pull request's head that count for it."""
        return tuple(one for one in self._at(asked) if asked.comment.number in one.requests)

    def _at(self, asked: Asked) -> tuple[Build, ...]:
        """Those of the pull request's head, whoever offers it."""
        group = build_group(asked.event.repository.id, asked.head)
        return self.building.store.group(Build, group)

    def _jobs(self, asked: Asked) -> tuple[Job, ...]:
        """The latest check of each name; of deployments nothing is asked by a comment."""
        return telling.latest(
            (build.created, job)
            for build in self._builds(asked)
            for job in self.building.store.group(Job, build.id)
            if job.spec.kind is Kind.CHECK
        )

    def _ignore(self, delivery: Delivery, event: Event, reason: str) -> None:
        ignore(self.building.store, Work(delivery, event), reason)
