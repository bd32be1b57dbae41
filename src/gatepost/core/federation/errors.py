"""What is refused on the way to a provider and back. What the provider itself says is never shown to anybody."""

from gatepost.kernel.errors import AuthError


class InvalidRequest(AuthError):
    """A parameter that is missing, there twice, or leads elsewhere: answered here, never by a redirect."""

    code = "social.invalid_request"
    status = 400
    public = "This sign-in cannot begin: its address is not right."


class StateRefused(AuthError):
    """An answer to a request that was not made here, by another browser, too long ago, or answered already."""

    code = "social.state_refused"
    status = 400
    public = "This sign-in is not valid, or no longer. Begin again in this browser."


class ResponseRefused(AuthError):
    """What came back is not what the provider would say in answer to this request."""

    code = "social.response_refused"
    status = 400
    public = "The answer of the provider cannot be trusted. Begin again."


class Denied(AuthError):
    """The person, or the provider for them, said no."""

    code = "social.denied"
    status = 403
    public = "The provider did not sign you in: it was canceled, or not allowed there."


class ProviderDisabled(AuthError):
    """The provider was taken out of the settings while somebody was on the way."""

    code = "social.provider_disabled"
    status = 403
    public = "Signing in with this provider is not offered any more."


class ProviderRefused(AuthError):
    """The provider does not accept our requests: what it was told, or what stands in the settings, is wrong."""

    code = "social.provider_refused"
    status = 400
    public = "The provider did not accept this sign-in. Begin again; if it goes on, tell whoever runs this site."


class ProviderUnavailable(AuthError):
    """The provider does not answer in time, or not in a way that can be used."""

    code = "social.provider_unavailable"
    status = 503
    public = "The provider does not answer at the moment. Try again soon, or sign in another way."
    wait = 5


# What stands in the trail; an outage is no refusal.
RECORDED = (StateRefused, ResponseRefused, Denied, ProviderDisabled, ProviderRefused)
