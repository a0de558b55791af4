"""A local Coder to try things out and to test against: an independent telling, which imports nothing of the client."""
