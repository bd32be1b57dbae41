"""The row of the caller as a parameter: `user: CurrentUser`, or `CurrentUser[MyProfile]`.

Apart from the guard, since a user's row brings the database along, which a ResourceServer does without.
"""

from typing import Annotated

from fastapi.params import Depends

from gatepost.core.users.domain import P, User
from gatepost.web.guard import current_user, optional_user

CurrentUser = Annotated[User[P], Depends(current_user)]
OptionalUser = Annotated[User[P] | None, Depends(optional_user)]
