"""How fast we are, beside a `coder` program and the same server. Judges nothing: it prints figures and goals."""
