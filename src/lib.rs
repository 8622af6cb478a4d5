//! Trigger Microsoft Intune's Windows Autopilot sync, and understand the answer.
