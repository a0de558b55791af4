"""ameide-ws: from nothing to a working VS Code in the browser, on Coder."""

__version__ = "0.1.0"
