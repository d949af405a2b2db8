"""Routes: pure Request → Response over flows, for API Gateway and for the embedded server."""
