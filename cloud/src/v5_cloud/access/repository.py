"""Look-ups that find out whose a credential is; they run in the scope of the directory."""

from __future__ import annotations

from v5_cloud.kit.tenant import Repository
from v5_cloud.models import Agent, ApiKey, Store

__all__ = ["AccessRepository"]


class AccessRepository(Repository):
    """Credentials of machines. In the directory's scope the guard spans all tenants, which only this class uses."""

    def agent(self, agent_id: str) -> tuple[Agent, str] | None:
        """An agent, revoked or not, and its store's code."""
        agent = self.session.scalars(self.everywhere(Agent).where(Agent.id == agent_id)).one_or_none()
        if agent is None:
            return None
        store = self.everywhere(Store).where(Store.tenant_id == agent.tenant_id, Store.id == agent.store_id)
        row = self.session.scalars(store).one_or_none()
        return (agent, row.code) if row else None

    def api_key(self, key_id: str) -> ApiKey | None:
        """A key, revoked or not."""
        return self.session.scalars(self.everywhere(ApiKey).where(ApiKey.id == key_id)).one_or_none()
