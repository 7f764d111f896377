"""People with verified addresses, and the mails that they get."""

from chalicelib import clock
from chalicelib.accounts.store import User
from chalicelib.store.transaction import Transaction
from chalicelib.workspaces import service
from tests.client import Client, Queue
from tests.contract.world import user_id
from tests.mail import outbox


def verify(client: Client) -> Client:
    """Let the person's address be verified."""
    User(user_id(client), "user").update([User.email_verified_at.set(clock.now_ms())])
    return client


def set_plan(client: Client, plan: str) -> None:
    """What billing or the operator does."""
    tx = Transaction()
    service.change_plan(tx, user_id(client), plan)
    tx.commit()


def invited(
    owner: Client, workspace_id: str, email: str, queue: Queue, role: str = "member"
) -> str:
    """Invite an address; the token that is mailed to it."""
    path = f"/v1/workspaces/{workspace_id}/members"
    reply = owner.post(path, {"email": email, "role": role})
    assert reply.status == 201, reply.text
    queue.run_to_the_end()
    return outbox.last(email).token


def in_workspace(client: Client, workspace_id: str) -> Client:
    """The same person, calling there."""
    return Client(client.gateway, {**client.headers, "X-Workspace-Id": workspace_id})
