"""What a job's commands may reach: three levels, each of them tried before it is claimed."""
