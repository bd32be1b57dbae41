"""Renewing a password that has to be changed: it is proved as at a sign-in, changed, and opens a session then."""

from gatepost.core.login.flow import PASSWORD, Wanted
from gatepost.core.runtime import Core
from gatepost.core.sessions.flow import Opened, Opening
from gatepost.core.sessions.password_change import change_password
from gatepost.core.throttle.attempts import Action
from gatepost.kernel.errors import InvalidInput, LoginFailed
from gatepost.storage.unit_of_work import UnitOfWork


async def renew(core: Core, identifier: str, password: str, new: str, wanted: Wanted) -> Opened:
    """Change a password that opens nothing any more, and sign in with the new one.

    Raises:
        LoginFailed, ThrottleSpent, Busy, InvalidInput: as at a sign-in, and of several at once all but one.
        PasswordChangeNotRequired: it is right, and good as it is.
        FactorRequired: the password is changed, and another factor remains.
    """
    proved = await core.login.prove_outdated(identifier, password, wanted)
    user = await core.users.get(proved.user_id)
    if user is None:
        raise LoginFailed
    field = "new_password"
    words = (user.email, user.username, user.full_name)
    async with core.attempts.around(Action.PASSWORD_CHANGE, wanted.origin, subject=str(user.id)):
        secret = await core.password_policy.accept(new, field=field, words=words)
        if secret == proved.secret:
            raise InvalidInput(field, "is the current one")
        new_hash = await core.passwords.hash(secret)
    opening = Opening(
        user_id=user.id,
        epoch=proved.epoch,
        kind=wanted.kind,
        client_id=wanted.client_id,
        scope=wanted.scope,
        amr=PASSWORD,
        origin=wanted.origin,
    )
    await change_password(
        core.services,
        core.sessions,
        core.listeners,
        opening=opening,
        old_hash=proved.stored,
        new_hash=new_hash,
        reopens=False,
    )
    return await core.login.open(user.id, proved.epoch + 1, PASSWORD, wanted, within=_nothing)


async def _nothing(work: UnitOfWork) -> None:
    del work
