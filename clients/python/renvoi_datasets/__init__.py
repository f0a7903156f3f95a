"""Training streams and annotations from a renvoi server. See the README beside this package."""

from .client import Client, ServerError
from .stream import Sample, Stream

__all__ = ["Client", "Sample", "ServerError", "Stream"]
__version__ = "0.1.0"
