"""AWS on one machine, without docker and without an account: `python -m tests.aws_local`.

The template as `sam build` leaves it, its resources made by CloudFormation in moto, each function
under AWS's own Runtime Interface Emulator (it comes with aws-sam-cli) and awslambdaric, and what
AWS does between them: event source mappings, asynchronous invocations, a schedule, an HTTP API.

It stands among the tests and not in `dishwasher/demo/`, because it is about `template.yaml` and
`functions/`, which are no part of the package, and needs tools that nobody installs with it.
"""
