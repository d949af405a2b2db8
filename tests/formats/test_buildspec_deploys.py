"""No deployment rides on a failed build without being named."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.formats.buildspec_files import job, mistakes, phases, warnings

AFTER, EVERYWHERE = "deploy-after-failure", "deploy-everywhere"
SUCCEEDING = "$CODEBUILD_BUILD_SUCCEEDING"


def in_post_build(*commands: str, build: str = "{commands: [make]}") -> str:
    """Each command a literal block, the first one's text on line 7."""
    written = "".join("    - |\n" + indent(command, "      ") + "\n" for command in commands)
    text = f"build: {build}\npost_build:\n  commands:\n{written}"
    return phases(text)


def told(text: str) -> list[str]:
    return [one for one in warnings(text) if one.endswith(AFTER)]


@pytest.mark.parametrize(
    "command",
    [
        "aws s3 sync dist s3://bucket --delete",
        "aws --region eu-west-1 s3 cp app.zip s3://bucket/app.zip",
        "aws ecs update-service --cluster web --service web --force-new-deployment",
        "aws lambda update-function-code --function-name f --zip-file fileb://f.zip",
        "aws cloudformation deploy --template-file t.yml --stack-name s",
        "AWS_PROFILE=prod sam deploy --no-confirm-changeset",
        "eb deploy production",
        "npx cdk deploy --all",
        "npm run cdk deploy",
        "npx serverless deploy --stage prod",
        "sls deploy",
        "zappa update production",
        "kubectl apply -f k8s/",
        "kubectl set image deployment/web web=$IMAGE",
        "helm upgrade --install web ./chart",
        "docker push $REPOSITORY_URI:latest",
        "git push heroku main",
        "git push https://git.heroku.com/app.git main",
        "ansible-playbook -i hosts site.yml",
        "fab deploy",
        "bundle exec cap production deploy",
        "terraform apply -auto-approve",
        "npm publish",
        "python -m twine upload dist/*",
        "poetry publish --build",
        "./scripts/deploy.sh production",
        "bash deploy.sh",
        "make deploy",
        "make release",
        "yarn run deploy:prod",
        "cd infra && terraform init && terraform apply -auto-approve tfplan",
        'printf "[]" > images.json; docker push "$URI"',
    ],
)
def test_a_deployment_after_a_build_that_may_have_failed_is_told(command: str) -> None:
    assert told(in_post_build(command)) == [f"7 {AFTER}"]


@pytest.mark.parametrize(
    "command",
    [
        "aws s3 cp s3://bucket/settings.json settings.json",
        "aws s3 ls",
        "aws sts get-caller-identity",
        "kubectl get pods",
        "kubectl apply --dry-run=client -f k8s/",
        "docker build -t app .",
        "terraform plan",
        "npm run build",
        "git describe --tags",
        "echo aws s3 sync dist s3://bucket",
        "# aws s3 sync dist s3://bucket",
        "cat deploy.sh",
        "make test",
        "make release-notes",
        "./release-notes.sh",
        'printf "docker push"',
    ],
)
def test_what_changes_nothing_outside_is_no_deployment(command: str) -> None:
    assert told(in_post_build(command)) == []
    assert job(in_post_build(command)).repeatable


@pytest.mark.parametrize(
    "command",
    [
        f'if [ "{SUCCEEDING}" = "1" ]; then\n  eb deploy\nfi',
        f'if [ "{SUCCEEDING}" -eq 1 ]; then eb deploy; fi',
        f"if [[ {SUCCEEDING} == 1 ]]; then\n  echo yes\n  eb deploy\nfi",
        f'if [ "{SUCCEEDING}" = "0" ]; then\n  echo no\nelse\n  eb deploy\nfi',
        f'if [ "{SUCCEEDING}" != "1" ]; then echo no; exit 1; fi\neb deploy',
        f'if [ "{SUCCEEDING}" != "1" ]; then echo no; exit 0; fi\neb deploy',
        f'[ "{SUCCEEDING}" = 1 ] && eb deploy',
        f'test "{SUCCEEDING}" -eq 1 && cd infra && eb deploy',
        f'[ "{SUCCEEDING}" = 0 ] || eb deploy',
        f'[ "{SUCCEEDING}" = 1 ] || exit 1\neb deploy',
        f'[ "{SUCCEEDING}" = 0 ] && exit 1\neb deploy',
        '[[ "${CODEBUILD_BUILD_SUCCEEDING:-0}" -ne 0 ]] && eb deploy',
        f"set -e\n[ {SUCCEEDING} = 1 ]\neb deploy",
        f"case {SUCCEEDING} in\n  1) eb deploy ;;\nesac",
        f"if (( {SUCCEEDING} == 1 )); then eb deploy; fi",
        f'bash -c "if [ {SUCCEEDING} == 1 ]; then eb deploy; fi"',
        f'if $MAIN; then\n  if [ "{SUCCEEDING}" = 1 ]; then\n    eb deploy\n  fi\nfi',
    ],
)
def test_a_deployment_behind_a_test_of_success_is_not_told(command: str) -> None:
    assert told(in_post_build(command)) == []
    assert not job(in_post_build(command)).repeatable


@pytest.mark.parametrize(
    "command",
    [
        f'echo "succeeding: {SUCCEEDING}" && eb deploy',
        f'if [ "{SUCCEEDING}" = 0 ]; then eb deploy; fi',
        f'if [ "{SUCCEEDING}" = 1 ]; then echo yes; else eb deploy; fi',
        f'if [ "{SUCCEEDING}" = 0 ]; then echo no; fi\neb deploy',
        f'[ "{SUCCEEDING}" = 1 ] || eb deploy',
        f'[ "{SUCCEEDING}" = 1 ] || echo no\neb deploy',
        f'[ "{SUCCEEDING}" = 1 ]\neb deploy',
        f'if [ "{SUCCEEDING}" = 1 ]; then echo yes; exit 0; fi\neb deploy',
        'if [ "$BRANCH" = main ]; then eb deploy; fi',
    ],
)
def test_a_test_that_holds_nothing_back_is_none(command: str) -> None:
    assert len(told(in_post_build(command))) == 1


@pytest.mark.parametrize(
    "guard",
    [
        f'[ "{SUCCEEDING}" = 1 ]',
        f'test "{SUCCEEDING}" -eq 1 && echo going on',
        f'if [ "{SUCCEEDING}" = "0" ]; then exit 1; fi',
        f'if [ "{SUCCEEDING}" = "0" ]; then\n  echo The build has failed.\n  exit 1\nfi',
        f'bash -c "if [ /"{SUCCEEDING}/" == /"0/" ]; then exit 1; fi"',
    ],
)
def test_a_command_that_fails_without_success_ends_the_phase_before_the_next(guard: str) -> None:
    assert told(in_post_build(guard, "eb deploy")) == []


def test_exit_0_ends_its_command_alone() -> None:
    guard = f'if [ "{SUCCEEDING}" = "0" ]; then exit 0; fi'
    assert len(told(in_post_build(guard, "eb deploy"))) == 1


def test_a_build_with_on_failure_abort_needs_no_test() -> None:
    build = "{on-failure: ABORT, commands: [make]}"
    assert told(in_post_build("eb deploy", build=build)) == []


def test_a_post_build_without_a_build_before_it_needs_no_test() -> None:
    assert told(phases("install: {commands: [a]}\npost_build: {commands: [eb deploy]}")) == []


def test_a_build_that_goes_on_after_a_failing_install_is_told() -> None:
    text = "install: {on-failure: CONTINUE, commands: [make]}\nbuild: {commands: [eb deploy]}"
    assert told(phases(text)) == [f"4 {AFTER}"]


def test_a_deployment_in_finally_is_told() -> None:
    assert told(phases("build: {commands: [make], finally: [eb deploy]}")) == [f"3 {AFTER}"]


def test_each_deployment_is_told_once_at_its_line() -> None:
    text = in_post_build("docker push a\necho\ndocker push b", "aws s3 sync . s3://b")
    assert told(text) == [f"{line} {AFTER}" for line in (7, 9, 11)]


def test_a_job_that_deploys_in_any_phase_is_not_repeated() -> None:
    assert not job(phases("install: {commands: [eb deploy]}")).repeatable
    assert job(phases("install: {commands: [make]}")).repeatable


def test_a_deployment_that_no_branch_holds_back_is_told() -> None:
    text = phases("build: {commands: [eb deploy]}")
    assert warnings(text) == [f"3 {EVERYWHERE}"]
    guarded = 'if [ "$CODEBUILD_WEBHOOK_TRIGGER" = branch/main ]; then eb deploy; fi'
    assert warnings(phases(f"build: {{commands: ['{guarded}']}}")) == []


def test_a_deployment_is_a_warning_and_no_mistake() -> None:
    assert mistakes(in_post_build("eb deploy")) == []


def test_a_deployment_that_is_tried_again_is_told() -> None:
    text = phases("build: {on-failure: RETRY-2, commands: [eb deploy]}")
    assert warnings(text) == ["3 deploy-again", f"3 {EVERYWHERE}"]


def test_an_elif_is_a_test_of_its_own() -> None:
    command = f'if $A; then echo; elif [ "{SUCCEEDING}" = 1 ]; then eb deploy; fi'
    assert told(in_post_build(command)) == []
    command = f'if [ "{SUCCEEDING}" = 1 ]; then echo; elif $A; then eb deploy; fi'
    assert len(told(in_post_build(command))) == 1


def test_blocks_beyond_count_neither_guard_nor_confuse() -> None:
    deep = "if a; then\n" * 40 + f'if [ "{SUCCEEDING}" = 1 ]; then eb deploy; fi\n' + "fi\n" * 40
    assert len(told(in_post_build(deep))) == 1
    assert told(in_post_build(deep + f'[ "{SUCCEEDING}" = 1 ] && eb deploy')) == told(
        in_post_build(deep)
    )


def test_a_here_document_is_text_but_for_a_shells() -> None:
    assert told(in_post_build("cat > deploy.sh <<'EOF'\neb deploy\nEOF")) == []
    assert told(in_post_build("cat <<-EOF\neb deploy\n  EOF\neb deploy")) == [f"10 {AFTER}"]
    assert told(in_post_build("bash <<EOF\neb deploy\nEOF")) == [f"8 {AFTER}"]
    assert told(in_post_build("cat <<EOF\neb deploy")) == []
