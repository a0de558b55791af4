"""The Coder API: what Coder answers (`model`), how it is read (`decode`), what we ask (`client`), and what we follow
(`follow`)."""
