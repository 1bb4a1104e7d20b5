"""The configuration: its keys, read from a file and validated."""

from adapter.config.pbx import Pbx, Style
from adapter.config.settings import ENV_PREFIX, Metrics, Settings, default_path, load

__all__ = ["ENV_PREFIX", "Metrics", "Pbx", "Settings", "Style", "default_path", "load"]
