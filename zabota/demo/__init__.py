"""The demonstration company, «Тёплый дом»: stories as data, played by the product's own actions."""

from zabota.demo.loader import DemoSummary, load

__all__ = ["DemoSummary", "load"]
