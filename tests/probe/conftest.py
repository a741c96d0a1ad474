from tests.support.dovecot import dovecot

__all__ = ["dovecot"]
