"""V5 store agent: captures sales from the ERP, answers the tills, and tells the cloud, whatever the line does."""

from importlib.metadata import version

__version__ = version("v5-agent")
