"""What people came for: a workspace they can work in, and a look at those they have."""
