"""What seals the audit trail: a chain of links, the marks that say where it begins and ends, keys of former secrets."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Uuid

from gatepost.storage.schema.metadata import metadata

# Filled by a trigger in the transaction of each row, so that no row is passed over, however late its commit is and
# whatever its clock said.
audit_queue = Table("gatepost_audit_queue", metadata, Column("audit_id", Uuid, primary_key=True))

# One link for each row. `mac` is keyed, and covers the row, the position and the link before.
audit_link = Table(
    "gatepost_audit_link",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", Uuid, nullable=False, unique=True),
    Column("sealed_at", BigInteger, nullable=False),
    Column("key_id", String(8), nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)

# `head`: the last link. `pruned`: the last link that retention took away, where the chain begins now.
audit_mark = Table(
    "gatepost_audit_mark",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", String(8), nullable=False),
    Column("signature", LargeBinary(32), nullable=False),
    Column("leased_by", Uuid),
    Column("leased_until", BigInteger, nullable=False, server_default="0"),
)

# Keys of the chain that came from former secrets, sealed under the present one.
audit_key = Table(
    "gatepost_audit_key",
    metadata,
    Column("id", String(8), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
