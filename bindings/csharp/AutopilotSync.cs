// AutopilotSync.cs - trigger Microsoft Intune's Windows Autopilot sync from .NET, and understand the answer.
//
// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Copy this file into your program, or load it with PowerShell's Add-Type. It needs C# 5 or later and .NET Framework
// 4.6, .NET or Mono. It calls autopilot_sync.dll (on Linux libautopilot_sync.so) of the same version, which must be
// beside the program or where the system looks for libraries. The library's header says more about each call.

using System;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace AutopilotSync
{
    /// <summary>The result of a call: zero and above are answers of the service, below zero are errors. Later versions
    /// may add some, so a value may be outside this list.</summary>
    public enum Result
    {
        /// <summary>The service accepted the sync. For a wait: the sync completed.</summary>
        Ok = 0,
        /// <summary>A sync is already running. For a wait: it joined that sync, which completed.</summary>
        AlreadyRunning = 1,
        /// <summary>A sync ran less than ten minutes ago.</summary>
        TooSoon = 2,
        /// <summary>For a wait: a sync was accepted or is running, but its end cannot be observed.</summary>
        Unconfirmed = 3,
        /// <summary>From SyncSince only: a sync has completed since then. Nothing was triggered.</summary>
        UpToDate = 4,
        InvalidArgument = -1,
        Connect = -2,
        Tls = -3,
        Timeout = -4,
        Cancelled = -5,
        ConnectionLost = -6,
        Unauthorized = -7,
        Forbidden = -8,
        Service = -9,
        Protocol = -10,
        SyncFailed = -11,
        Internal = -12,
        Configuration = -13,
    }

    /// <summary>What came of a call. The token is nowhere in it.</summary>
    public sealed class Outcome
    {
        /// <summary>The result.</summary>
        public Result Result { get; private set; }
        /// <summary>What happened, on one line, fit for a log.</summary>
        public string Message { get; private set; }
        /// <summary>How long to wait before the next request; null if that is unknown.</summary>
        public TimeSpan? RetryAfter { get; private set; }
        /// <summary>The story of the call, a line for each event.</summary>
        public string Trace { get; private set; }

        /// <summary>Reads a detail and frees it. An error is an exception.</summary>
        internal static Outcome Of(Result result, DetailHandle detail)
        {
            using (detail)
            {
                long retryAfter = Native.autopilot_detail_retry_after_ms(detail);
                var outcome = new Outcome
                {
                    Result = result,
                    Message = Text(Native.autopilot_detail_message(detail)),
                    Trace = Text(Native.autopilot_detail_trace(detail)),
                };
                if (retryAfter >= 0)
                    outcome.RetryAfter = TimeSpan.FromMilliseconds(retryAfter);
                if (result < 0)
                    throw new SyncException(outcome);
                return outcome;
            }
        }

        /// <summary>A string of the library, which is UTF-8 and never NULL here.</summary>
        private static string Text(IntPtr text)
        {
            int length = 0;
            while (Marshal.ReadByte(text, length) != 0)
                length++;
            var bytes = new byte[length];
            Marshal.Copy(text, bytes, 0, length);
            return Encoding.UTF8.GetString(bytes);
        }
    }

    /// <summary>A call failed: the result is below zero.</summary>
    public sealed class SyncException : Exception
    {
        internal SyncException(Outcome outcome) : base(outcome.Message)
        {
            Outcome = outcome;
        }

        /// <summary>What came of the call.</summary>
        public Outcome Outcome { get; private set; }
    }

    /// <summary>Connections to Microsoft Graph in the global cloud. Any number of threads may use a client at once. Each
    /// call blocks, and throws a SyncException after an error. Proxy and certificates come from the environment and the
    /// system.</summary>
    public sealed class Client : IDisposable
    {
        private readonly ClientHandle client;

        public Client()
        {
            DetailHandle detail;
            Result result = Native.autopilot_client_new(IntPtr.Zero, out client, out detail);
            Outcome.Of(result, detail);
        }

        /// <summary>Triggers a sync. Returns when the service has replied, after 30 seconds at most.</summary>
        public Outcome Sync(string token)
        {
            DetailHandle detail;
            Result result = Native.autopilot_client_sync(client, token, IntPtr.Zero, out detail);
            return Outcome.Of(result, detail);
        }

        /// <summary>Triggers or joins a sync, and waits until it ends.</summary>
        public Outcome SyncAndWait(string token, TimeSpan timeout)
        {
            DetailHandle detail;
            Result result = Native.autopilot_client_sync_and_wait(
                client, token, Milliseconds(timeout), IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, out detail);
            return Outcome.Of(result, detail);
        }

        /// <summary>Makes sure that a sync has completed since a change: triggers one only if none has.</summary>
        public Outcome SyncSince(string token, DateTimeOffset change, TimeSpan timeout)
        {
            DetailHandle detail;
            Result result = Native.autopilot_client_sync_since(
                client, token, change.ToUnixTimeMilliseconds(), Milliseconds(timeout), IntPtr.Zero, IntPtr.Zero,
                IntPtr.Zero, out detail);
            return Outcome.Of(result, detail);
        }

        /// <summary>Closes the connections, when no call uses them any more.</summary>
        public void Dispose()
        {
            client.Dispose();
        }

        private static long Milliseconds(TimeSpan time)
        {
            return time.Ticks / TimeSpan.TicksPerMillisecond;
        }
    }

    internal sealed class ClientHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public ClientHandle() : base(true) { }

        protected override bool ReleaseHandle()
        {
            Native.autopilot_client_free(handle);
            return true;
        }
    }

    internal sealed class DetailHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public DetailHandle() : base(true) { }

        protected override bool ReleaseHandle()
        {
            Native.autopilot_detail_free(handle);
            return true;
        }
    }

    /// <summary>The functions of the library. A token is ASCII; another character is an error here, and never replaced by
    /// a similar one.</summary>
    internal static class Native
    {
        private const string Library = "autopilot_sync";
        private const CallingConvention C = CallingConvention.Cdecl;

        [DllImport(Library, CallingConvention = C)]
        internal static extern Result autopilot_client_new(
            IntPtr options, out ClientHandle client, out DetailHandle detail);

        [DllImport(Library, CallingConvention = C)]
        internal static extern void autopilot_client_free(IntPtr client);

        [DllImport(Library, CallingConvention = C, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        internal static extern Result autopilot_client_sync(
            ClientHandle client, string token, IntPtr cancel, out DetailHandle detail);

        [DllImport(Library, CallingConvention = C, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        internal static extern Result autopilot_client_sync_and_wait(
            ClientHandle client, string token, long timeout, IntPtr cancel, IntPtr progress, IntPtr userData,
            out DetailHandle detail);

        [DllImport(Library, CallingConvention = C, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        internal static extern Result autopilot_client_sync_since(
            ClientHandle client, string token, long since, long timeout, IntPtr cancel, IntPtr progress,
            IntPtr userData, out DetailHandle detail);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr autopilot_detail_message(DetailHandle detail);

        [DllImport(Library, CallingConvention = C)]
        internal static extern long autopilot_detail_retry_after_ms(DetailHandle detail);

        [DllImport(Library, CallingConvention = C)]
        internal static extern IntPtr autopilot_detail_trace(DetailHandle detail);

        [DllImport(Library, CallingConvention = C)]
        internal static extern void autopilot_detail_free(IntPtr detail);
    }
}
