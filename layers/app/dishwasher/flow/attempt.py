"""run, as the server sees it: the words of a runner about its attempt, each of them fenced."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace

from dishwasher.core import deploy, lifecycle, provenance
from dishwasher.core import size as sizing
from dishwasher.core.access import BARRED, ENDED
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment
from dishwasher.core.job import Job, Reason, State, Timing, parse_attempt
from dishwasher.core.lifecycle import fence, fence_claim
from dishwasher.core.result import Progress, artifact_key, log_key
from dishwasher.core.size import ONE, Size
from dishwasher.core.ticket import (
    PROTOCOL,
    Claimed,
    Limits,
    LogAnswer,
    Orders,
    Source,
    Ticket,
    Upload,
    UploadAnswer,
    UploadRequest,
)
from dishwasher.errors import Gone, InfraError, Refused, UserError
from dishwasher.flow.admission import refusal
from dishwasher.flow.dispatch import digest
from dishwasher.flow.grants import hand_out
from dishwasher.flow.keep import keep_progress, keep_result, read_progress
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Bells, Blobs, Clock, Store, Topic, Vault
from dishwasher.ports import Source as Repositories


@dataclass(frozen=True, slots=True)
class Attempts:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    source: Repositories
    verdicts: Verdicts
    timing: Timing
    limits: Limits
    page: Callable[[str], str]
    """Job id → URL of its page."""
    vault: Vault
    sizes: tuple[Size, ...] = ONE
    """Of the runners, as dispatch has them."""

    def claim(self, attempt_id: str, code: str) -> Claimed:
        """Exchange the one-time code for the ticket; raises Refused where it may not start."""
        current, build = self._job(attempt_id, lambda found: (found.code, code))
        secrets = self._secrets(current, build)
        token = self.clock.secret()
        build = Tenancy(self.store).moved(build)
        # Minted before the code is used up: when GitHub fails, the runner may ask again.
        ticket = self._ticket(current, build, self._source_token(current, build))
        self.store.save(lifecycle.redeem(current, digest(token)))
        return Claimed(token, replace(ticket, secrets=secrets))

    def _source_token(self, current: Job, build: Build) -> str:
        """Where there can be none, whoever looks at the job is told why and not that it is late."""
        try:
            return self.source.clone_token(build.event.repository)
        except Gone as error:
            why, number, code = f"{error}.", current.attempt, current.code

            def ended(found: Job) -> Job:
                fence_claim(found, number, code)
                return lifecycle.expire(found, self.clock.now(), self.timing, why)

            self.verdicts.change(current.id, ended)
            raise

    def _secrets(self, current: Job, build: Build) -> tuple[tuple[str, str], ...]:
        """What the job gets of the vault; without what it asks for it is refused."""
        handed = hand_out(self.vault, self.clock, current, build)
        if not handed.lacks:
            return handed.secrets
        result = refusal(handed.lacks, build.config_path, "secret")
        number, code = current.attempt, current.code

        def refused(found: Job) -> Job:
            fence_claim(found, number, code)
            return lifecycle.conclude(found, Reason.REFUSED, result.detail, self.clock.now())

        keep_result(self.blobs, current, result)
        self.verdicts.change(current.id, refused)
        raise Refused(result.detail)

    def started(self, attempt_id: str, token: str, source_token: str) -> None:
        """The checkout is done; from here on a deployment is not tried again."""
        current, build = self._authorised(attempt_id, token)
        if current.state is State.STARTING:
            after = lifecycle.start(current, self.clock.now(), self.timing)
            self.store.save(after, *self._deploying(after, build))
            self.bells.ring(Topic.REPORTS, build.id)
        else:
            # Said again because no answer came: what the first word wrote can be read before the
            # disk has it, and the commands must not begin before that.
            self.store.save(current)
        if source_token:
            self._revoke(source_token)

    def _revoke(self, source_token: str) -> None:
        try:
            self.source.revoke(source_token)
        except (InfraError, Gone):
            # It ends by itself within the hour; the job has done nothing to be failed for.
            return

    def _deploying(self, current: Job, build: Build) -> tuple[Environment, ...]:
        """The intent, stored with the start: this environment now receives this commit."""
        if current.spec.kind is not Kind.DEPLOYMENT:
            return ()
        key = deploy.environment_id(build.event.repository.id, current.spec.name)
        environment = self.store.get(Environment, key)
        if environment is None or environment.holder != current.id:
            raise Refused("another deployment holds this environment")
        return (deploy.begin(environment, build.event.sha, build.id),)

    def beat(self, attempt_id: str, token: str, progress: Progress) -> Orders:
        """The runner lives; what it says of its phases is for the page."""
        current, build = self._authorised(attempt_id, token)
        self._drain(current, build)
        before = read_progress(self.blobs, current)
        keep_progress(self.blobs, current, progress)
        if before is None or before.done != progress.done:
            self.bells.ring(Topic.REPORTS, current.build)
        number, now = current.attempt, self.clock.now()

        def renewed(found: Job) -> Job:
            fence(found, number)
            return lifecycle.beat(found, now, self.timing)

        after = self.verdicts.renew(current.id, renewed)
        return Orders(cancel=after.cancel)

    def _drain(self, current: Job, build: Build) -> None:
        """Nobody is left whom a check could tell anything; a deployment is not broken off."""
        right = Tenancy(self.store).right(build.event.repository)
        if right not in ENDED or current.spec.kind is not Kind.CHECK:
            return
        why = f"Ended: {BARRED[right]}."

        def stopped(found: Job) -> Job:
            return lifecycle.stop(found, Reason.CANCELLED, why, self.clock.now())

        self.verdicts.change(current.id, stopped)

    def log(self, attempt_id: str, token: str, offset: int, data: bytes) -> LogAnswer:
        current, _ = self._authorised(attempt_id, token)
        if offset < 0 or offset + len(data) > self.limits.log_bytes + LOG_MARGIN:
            raise UserError("the log is longer than its limit")
        wanted = self.blobs.append(log_key(attempt_id), offset, data)
        return LogAnswer(wanted, current.cancel)

    def uploads(self, attempt_id: str, token: str, request: UploadRequest) -> UploadAnswer:
        self._authorised(attempt_id, token)
        files = request.artifacts
        if len(files) > self.limits.artifact_files:
            raise UserError(f"at most {self.limits.artifact_files} artifacts are kept")
        if any(file.size < 0 for file in files) or (
            sum(file.size for file in files) > self.limits.artifact_bytes
        ):
            raise UserError(f"at most {self.limits.artifact_bytes} bytes of artifacts are kept")
        return UploadAnswer(
            tuple(
                Upload(
                    file.path,
                    self.blobs.upload_url(
                        artifact_key(attempt_id, file.path), file.size, file.sha256
                    ),
                )
                for file in files
            )
        )

    def authorised(self, attempt_id: str, token: str) -> Job:
        """The live job that this token speaks for; raises Refused."""
        return self._authorised(attempt_id, token)[0]

    def _authorised(self, attempt_id: str, token: str) -> tuple[Job, Build]:
        return self._job(attempt_id, lambda found: (found.token, token))

    def _job(self, attempt_id: str, keys: Callable[[Job], tuple[str, str]]) -> tuple[Job, Build]:
        job_id, number = parse_attempt(attempt_id)
        found = self.store.get(Job, job_id)
        if found is None:
            raise Refused("there is no such attempt")
        fence(found, number)
        kept, shown = keys(found)
        if not kept or not hmac.compare_digest(kept, digest(shown)):
            raise Refused("that is not this attempt's key")
        build = self.store.get(Build, found.build)
        if build is None:
            raise LookupError(f"job {job_id} has no build")
        return found, build

    def _ticket(self, current: Job, build: Build, token: str) -> Ticket:
        spec, event, page = current.spec, build.event, self.page(current.id)
        clone_url = self.source.clone_url(event.repository)
        return Ticket(
            protocol=PROTOCOL,
            job=current.id,
            attempt=current.attempt,
            spec=spec,
            source=Source(
                *(clone_url, event.built, build.base_sha, token, event.repository.id),
                self.source.tarball_url(event.repository, event.built),
            ),
            environment=(
                *event.inputs,
                ("DISHWASHER_JOB", spec.name),
                ("DISHWASHER_JOB_URL", page),
                ("DISHWASHER_BUILD", build.id),
                ("DISHWASHER_REPOSITORY", event.repository.full_name),
                ("DISHWASHER_BRANCH", provenance.branch(event)),
                ("DISHWASHER_TAG", event.tag),
                ("DISHWASHER_SHA", event.sha),
                ("DISHWASHER_MERGE_SHA", event.built if event.built != event.sha else ""),
                ("DISHWASHER_PULL_REQUEST", str(build.pull_request or "")),
            ),
            limits=self._limits(current),
            trusted=build.is_trusted,
            alone=len(build.jobs) == 1,
            facts=provenance.facts(
                build,
                current,
                page=page,
                repository_url=clone_url.removesuffix(".git"),
                now=self.clock.now(),
            ),
        )

    def _limits(self, current: Job) -> Limits:
        size, most = sizing.named(self.sizes, current.size), self.limits.job_seconds
        return replace(
            self.limits,
            job_seconds=sizing.seconds(size, current.spec, most),
            memory_bytes=size.memory or self.limits.memory_bytes,
            disk_bytes=size.disk or self.limits.disk_bytes,
        )


LOG_MARGIN = 64 * 1024
"""Bytes beyond the log's limit for the runner's own last words about what it left out."""
