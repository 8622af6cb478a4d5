// Calls what AutopilotSync.cs has, against an emulator whose syncs take a second.

using System;
using AutopilotSync;

static class Calls
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    static void Check(bool holds, string what)
    {
        if (!holds)
            throw new Exception(what);
    }

    static SyncException Failure(Action call)
    {
        try
        {
            call();
        }
        catch (SyncException error)
        {
            return error;
        }
        throw new Exception("it did not fail");
    }

    static void Main()
    {
        var client = new Client();
        Outcome first = client.Sync("token");
        Check(first.Result == Result.Ok && first.RetryAfter == null, first.Message);
        Check(first.Trace.Contains(" ms reply: "), first.Trace);
        Outcome second = client.Sync("token");
        Check(second.Result == Result.AlreadyRunning, second.Message);
        Outcome joined = client.SyncAndWait("token", Minute);
        Check(joined.Result == Result.AlreadyRunning, joined.Message);
        Outcome third = client.Sync("token");
        Check(third.Result == Result.TooSoon && third.RetryAfter > Minute, third.Message);
        Outcome since = client.SyncSince("token", DateTimeOffset.Now.AddHours(-1), Minute);
        Check(since.Result == Result.UpToDate, since.Message);

        Outcome refused = Failure(() => client.Sync("expired-token")).Outcome;
        Check(refused.Result == Result.Unauthorized && !refused.Trace.Contains("expired-token"), refused.Trace);
        Check(Failure(() => client.Sync(null)).Outcome.Result == Result.InvalidArgument, "null");
        Check(Failure(() => client.Sync("t\u00f6ken")).Outcome.Result == Result.InvalidArgument, "not ASCII");
        Check(Failure(() => client.SyncAndWait("token", TimeSpan.Zero)).Message.Contains("timeout"), "no time");

        client.Dispose();
        try
        {
            client.Sync("token");
            Check(false, "a disposed client works");
        }
        catch (ObjectDisposedException)
        {
        }

        Environment.SetEnvironmentVariable("HTTPS_PROXY", "ftp://proxy.example");
        Check(Failure(() => new Client()).Outcome.Result == Result.Configuration, "no proxy that it knows");
        Console.WriteLine("done");
    }
}
