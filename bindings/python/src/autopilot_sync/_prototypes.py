"""The C functions of the library: what each returns, and what it takes."""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, POINTER, PyDLL, c_char_p, c_int32, c_int64, c_uint64, c_void_p

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# autopilot_progress_fn. The library's objects are opaque, so a pointer to one is a c_void_p.
ProgressFunction = CFUNCTYPE(c_int32, c_void_p, c_void_p)
_Out = POINTER(c_void_p)
_Int32Out, _Int64Out, _UInt64Out = POINTER(c_int32), POINTER(c_int64), POINTER(c_uint64)

PROTOTYPES: dict[str, tuple[Any, ...]] = {
    "autopilot_result_name": (c_char_p, c_int32),
    "autopilot_sync": (c_int32, c_char_p),
    "autopilot_options_new": (c_void_p,),
    "autopilot_options_free": (None, c_void_p),
    "autopilot_options_set_cloud": (c_int32, c_void_p, c_int32),
    "autopilot_options_set_base_url": (c_int32, c_void_p, c_char_p),
    "autopilot_options_set_proxy": (c_int32, c_void_p, c_char_p),
    "autopilot_options_set_ca_file": (c_int32, c_void_p, c_char_p),
    "autopilot_options_set_timeout_ms": (c_int32, c_void_p, c_int64),
    "autopilot_options_set_connect_timeout_ms": (c_int32, c_void_p, c_int64),
    "autopilot_options_set_max_retries": (c_int32, c_void_p, c_int32),
    "autopilot_options_set_user_agent_suffix": (c_int32, c_void_p, c_char_p),
    "autopilot_options_set_ignore_environment": (c_int32, c_void_p),
    "autopilot_options_set_trigger_only": (c_int32, c_void_p),
    "autopilot_options_set_credential": (c_int32, c_void_p, c_void_p),
    "autopilot_options_error": (c_char_p, c_void_p),
    "autopilot_credential_new_secret": (c_int32, c_char_p, c_char_p, c_int32, c_char_p, _Out, _Out),
    "autopilot_credential_new_certificate": (c_int32, c_char_p, c_char_p, c_char_p, c_int32, _Out, _Out),
    "autopilot_credential_new_workload_identity": (c_int32, c_char_p, c_char_p, c_char_p, _Out, _Out),
    "autopilot_credential_new_managed_identity": (c_int32, c_char_p, _Out, _Out),
    "autopilot_credential_from_environment": (c_int32, _Out, _Out),
    "autopilot_credential_for_tenant": (c_int32, c_void_p, c_char_p, _Out, _Out),
    "autopilot_credential_describe": (c_char_p, c_void_p),
    "autopilot_credential_free": (None, c_void_p),
    "autopilot_client_new": (c_int32, c_void_p, _Out, _Out),
    "autopilot_client_free": (None, c_void_p),
    "autopilot_client_describe": (c_char_p, c_void_p),
    "autopilot_client_sync": (c_int32, c_void_p, c_char_p, c_void_p, _Out),
    "autopilot_client_settings": (c_int32, c_void_p, c_char_p, c_void_p, _Out, _Out),
    "autopilot_client_sync_and_wait": (
        c_int32, c_void_p, c_char_p, c_int64, c_void_p, ProgressFunction, c_void_p, _Out,
    ),
    "autopilot_client_sync_since": (
        c_int32, c_void_p, c_char_p, c_int64, c_int64, c_void_p, ProgressFunction, c_void_p, _Out,
    ),
    "autopilot_wait_new": (
        c_int32, c_void_p, c_char_p, c_int32, c_int64, c_int64, c_void_p, _Out, _Out,
    ),
    "autopilot_wait_step": (c_int32, c_void_p, _Int64Out, _Int32Out, _Out),
    "autopilot_wait_set_token": (c_int32, c_void_p, c_char_p),
    "autopilot_wait_set_credential": (c_int32, c_void_p, c_void_p),
    "autopilot_wait_progress": (c_void_p, c_void_p),
    "autopilot_wait_stop": (c_int32, c_void_p, _Out),
    "autopilot_wait_free": (None, c_void_p),
    "autopilot_fleet_new": (c_int32, c_void_p, c_int32, _Out, _Out),
    "autopilot_fleet_free": (None, c_void_p),
    "autopilot_fleet_has_room": (c_int32, c_void_p),
    "autopilot_fleet_add": (c_int32, c_void_p, c_uint64, c_char_p, c_int32, c_int64, c_int64, _Out),
    "autopilot_fleet_close": (None, c_void_p),
    "autopilot_fleet_next": (c_int32, c_void_p, c_int64, _UInt64Out, _Int32Out, _Out),
    "autopilot_fleet_set_token": (c_int32, c_void_p, c_uint64, c_char_p),
    "autopilot_fleet_set_credential": (c_int32, c_void_p, c_uint64, c_void_p),
    "autopilot_fleet_cancel_one": (None, c_void_p, c_uint64),
    "autopilot_fleet_cancel": (None, c_void_p),
    "autopilot_cancel_new": (c_void_p,),
    "autopilot_cancel_trigger": (None, c_void_p),
    "autopilot_cancel_free": (None, c_void_p),
    "autopilot_progress_phase": (c_int32, c_void_p),
    "autopilot_progress_trigger": (c_int32, c_void_p),
    "autopilot_progress_elapsed_ms": (c_int64, c_void_p),
    "autopilot_progress_next_step_ms": (c_int64, c_void_p),
    "autopilot_progress_settings": (c_void_p, c_void_p),
    "autopilot_progress_claims": (c_char_p, c_void_p),
    "autopilot_progress_set_token": (c_int32, c_void_p, c_char_p),
    "autopilot_settings_status": (c_int32, c_void_p),
    "autopilot_settings_status_text": (c_char_p, c_void_p),
    "autopilot_settings_id": (c_char_p, c_void_p),
    "autopilot_settings_last_sync_ms": (c_int64, c_void_p),
    "autopilot_settings_last_sync_text": (c_char_p, c_void_p),
    "autopilot_settings_last_manual_sync_ms": (c_int64, c_void_p),
    "autopilot_settings_last_manual_sync_text": (c_char_p, c_void_p),
    "autopilot_settings_next_sync_ms": (c_int64, c_void_p),
    "autopilot_settings_free": (None, c_void_p),
    "autopilot_detail_result": (c_int32, c_void_p),
    "autopilot_detail_message": (c_char_p, c_void_p),
    "autopilot_detail_http_status": (c_int32, c_void_p),
    "autopilot_detail_code": (c_char_p, c_void_p),
    "autopilot_detail_service_message": (c_char_p, c_void_p),
    "autopilot_detail_retry_after_ms": (c_int64, c_void_p),
    "autopilot_detail_trigger": (c_int32, c_void_p),
    "autopilot_detail_why_unknown": (c_char_p, c_void_p),
    "autopilot_detail_claims": (c_char_p, c_void_p),
    "autopilot_detail_attempts": (c_int32, c_void_p),
    "autopilot_detail_client_request_id": (c_char_p, c_void_p, c_int32),
    "autopilot_detail_request_id": (c_char_p, c_void_p, c_int32),
    "autopilot_detail_attempt_reason": (c_char_p, c_void_p, c_int32),
    "autopilot_detail_trace": (c_char_p, c_void_p),
    "autopilot_detail_settings": (c_void_p, c_void_p),
    "autopilot_detail_free": (None, c_void_p),
    "autopilot_phase_name": (c_char_p, c_int32),
    "autopilot_trigger_name": (c_char_p, c_int32),
    "autopilot_sync_status_name": (c_char_p, c_int32),
    "autopilot_cloud_name": (c_char_p, c_int32),
    "autopilot_goal_name": (c_char_p, c_int32),
    "autopilot_event_name": (c_char_p, c_int32),
    "autopilot_version": (c_char_p,),
}


# Only these release the interpreter. The others return at once, and releasing it would take longer than they do.
BLOCKING = (
    "autopilot_sync",
    "autopilot_client_new",
    "autopilot_client_free",
    "autopilot_client_sync",
    "autopilot_client_settings",
    "autopilot_client_sync_and_wait",
    "autopilot_client_sync_since",
    "autopilot_credential_new_secret",
    "autopilot_credential_new_certificate",
    "autopilot_credential_from_environment",
    "autopilot_wait_step",
    "autopilot_fleet_new",
    "autopilot_fleet_free",
    "autopilot_fleet_next",
    "autopilot_fleet_cancel",
    "autopilot_cancel_trigger",
)


class Functions:
    """The library's functions. Each is looked up and gets its types when it is first used."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._releasing, self._keeping = CDLL(path), PyDLL(path)

    def __getattr__(self, name: str) -> Any:
        if name not in PROTOTYPES:
            raise AttributeError(name)
        result, *arguments = PROTOTYPES[name]
        function = getattr(self._releasing if name in BLOCKING else self._keeping, name)
        function.restype, function.argtypes = result, arguments
        setattr(self, name, function)
        return function
