"""The ports over AWS: DynamoDB, SQS, S3 and the Parameter Store."""
