"""Commands whose repetition would do something twice."""

from __future__ import annotations

import pytest
from dishwasher.core.step import Step
from dishwasher.formats.commands.effects import any_effect, deploys


@pytest.mark.parametrize(
    "command",
    [
        "git push heroku master",
        "npm publish",
        "cd pkg && npm publish --access public",
        "twine upload dist/*",
        "python setup.py sdist upload",
        "docker push acme/app",
        "kubectl apply -f k8s/",
        "terraform apply -auto-approve",
        "ansible-playbook -i hosts site.yml",
        "fab staging deploy",
        "cap production deploy",
        "eb deploy",
        "aws s3 sync _site s3://www.example.com",
        "gcloud app deploy",
        "mvn -B deploy",
        "rsync -a build/ deploy@host.example.com:/srv",
        "/bin/bash deploy.sh staging -vv",
        "./scripts/deploy_live.py",
        "heroku run rake db:migrate",
        "sudo -E -u deployer git push origin gh-pages",
        "./gradlew publish",
        "kubectl set env deployment/web A=b",
        "goreleaser --rm-dist",
        "bash -c 'cd site && netlify deploy --prod'",
    ],
)
def test_a_deployment_or_publication_has_effects(command: str) -> None:
    assert any_effect((Step("true"), Step(command)))


@pytest.mark.parametrize(
    "command",
    [
        "pytest",
        "git pull",
        "npm test",
        "python setup.py test",
        "docker build .",
        "terraform plan",
        "aws s3 ls",
        "rsync -a a/ b/",
        "flake8 deployment.py",
        "mvn verify",
        "echo redeploy",
        "kubectl rollout status deployment/web",
        "heroku logs",
        "timeout 60 git fetch",
        "rsync -a host.example.com:data/ data/",
        "",
    ],
)
def test_a_check_has_none(command: str) -> None:
    assert not any_effect((Step(command),))


def test_a_program_is_told_by_its_name_behind_any_path() -> None:
    assert deploys(("/usr/local/bin/terraform", "apply"))
    assert not deploys(("terraform-docs", "apply"))
    assert not deploys(())


def test_setup_py_uploads_and_an_option_is_no_task() -> None:
    assert deploys(("python", "setup.py", "sdist", "upload"))
    assert not deploys(("make", "-deploy"))
