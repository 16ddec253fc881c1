"""The error of network settings in the environment that no HTTP client accepts."""

from __future__ import annotations

from reconciler.errors.exceptions import SettingsError


def unusable_network_settings(cause: Exception) -> SettingsError:
    """Return the error of proxy or certificate variables that made the client fail with `cause`.

    The text of `cause` is left out: it may quote a proxy's password.
    """
    return SettingsError.of(
        "settings.network",
        detail="One of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR "
        f"caused a {type(cause).__name__}. Nothing was sent.",
        hint="A proxy is written http://HOST:PORT (for socks5://, install httpx[socks]); "
        "the certificate files must exist.",
    )
