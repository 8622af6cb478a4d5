#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| autopilot_sync_fuzz::certificate_file(data));
