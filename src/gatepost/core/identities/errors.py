"""What is refused between an account here and one elsewhere."""

from gatepost.kernel.errors import AuthError


class NoAccount(AuthError):
    """Nobody has this account here, and this provider makes nobody."""

    code = "social.no_account"
    status = 403
    public = "Nobody here has this account. Sign in another way first, and connect it in your account."


class EmailUnverified(AuthError):
    """Sign-in here waits for a verified address, and the provider says that it has verified none."""

    code = "social.email_unverified"
    status = 403
    public = "Verify your e-mail address there first, or sign up with your address here."


class LinkRequired(AuthError):
    """Somebody has this address here; the provider's word is not enough to be them."""

    code = "social.link_required"
    status = 409
    public = "You have an account here. Sign in as you did before, and connect this one in your account."


class IdentityTaken(AuthError):
    """The account elsewhere is another user's here."""

    code = "social.identity_taken"
    status = 409
    public = "This account is connected to somebody else here."


class LastWayIn(AuthError):
    """Without it nobody could sign in to the account any more."""

    code = "social.last_way_in"
    status = 409
    public = "This is your only way to sign in. Set a password or connect another account first."


class AccountUnusable(AuthError):
    """The provider names somebody in a way that cannot be kept (too long, characters that no database takes)."""

    code = "social.account_unusable"
    status = 400
    public = "The service that you came from gave an answer that cannot be used."


class ProviderTokenGone(AuthError):
    """There is no token of this provider for this user, or none that is still good and could be renewed."""

    code = "social.token_gone"
    status = 409
    public = "This account must be connected again."
