"""An extract of GitHub's OpenAPI description, made by infra/openapi/extract.py."""
