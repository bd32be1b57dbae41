"""The link "this was not me" of a notice: it takes an account from whoever has broken into it."""
