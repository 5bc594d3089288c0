"""Scripts that go to the compute node with a job."""
