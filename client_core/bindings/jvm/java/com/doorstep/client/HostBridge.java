package com.doorstep.client;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import org.jetbrains.annotations.NotNull;

/** What the core calls, turned into what the host gave in its {@link Options}. Nothing leaves it as an exception. */
final class HostBridge implements NativeCore.Host {
  private final Options options;
  private final Open core;
  private final Runnable changed;
  private final ConcurrentHashMap<Long, HostCall> calls = new ConcurrentHashMap<>();

  /** {@code changed}: something happened that an event tells of. */
  HostBridge(Options options, Open core, Runnable changed) {
    this.options = options;
    this.core = core;
    this.changed = changed;
  }

  @Override
  public byte[] readClock(long[] numbers) {
    try {
      PhoneClock.Reading reading = options.clock.now();
      numbers[0] = reading.wallTimeMicros;
      numbers[1] = reading.monotonicMicros;
      numbers[2] = reading.utcOffsetSeconds;
      return reading.bootId.getBytes(StandardCharsets.UTF_8);
    } catch (Throwable thrown) {
      tell("the clock", thrown);
      return null;
    }
  }

  @Override
  public byte[] readKey() {
    try {
      return options.key.get();
    } catch (Throwable thrown) {
      tell("the key", thrown);
      return null;
    }
  }

  @Override
  public byte[] sign(byte[] message) {
    try {
      return options.signer.sign(message);
    } catch (Throwable thrown) {
      tell("the signer", thrown);
      return null;
    }
  }

  @Override
  public void log(int level, byte[] line) {
    try {
      LogLevel[] levels = LogLevel.values();
      options.log.accept(levels[Math.max(0, Math.min(level, levels.length - 1))], text(line));
    } catch (Throwable ignored) {
      // Nobody is left to be told.
    }
  }

  @Override
  public void measured(byte[] what, byte[] method, int code, long durationUs, long bytesUp, long bytesDown) {
    try {
      options.metrics.accept(
          new Metric(text(what), methodName(method), Code.of(code), durationUs, bytesUp, bytesDown));
    } catch (Throwable thrown) {
      tell("the metrics", thrown);
    }
  }

  @Override
  public void start(long id, byte[] method, byte[] authorization, byte[] request, int deadlineMs) {
    HostCall call =
        new HostCall(
            id,
            methodName(method),
            text(authorization),
            request,
            Integer.toUnsignedLong(deadlineMs));
    calls.put(id, call);
    try {
      options.transport.start(call);
    } catch (Throwable thrown) {
      tell("the transport", thrown);
      call.fail(Code.INTERNAL, "the host's transport: " + thrown);
    }
  }

  @Override
  public void cancel(long id) {
    HostCall call = calls.remove(id);
    if (call == null) {
      return;
    }
    try {
      options.transport.cancel(call);
    } catch (Throwable thrown) {
      tell("the transport", thrown);
    }
  }

  @Override
  public void changed(int kinds) {
    try {
      changed.run();
    } catch (Throwable thrown) {
      tell("a listener", thrown);
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** gRPC's own name of a method has no slash before it. */
  private static String methodName(byte[] method) {
    return method.length == 0 ? "" : new String(method, 1, method.length - 1, StandardCharsets.UTF_8);
  }

  private void tell(String who, Throwable thrown) {
    if (options.log != null) {
      log(LogLevel.ERROR.ordinal(), ("the host: " + who + " threw " + thrown).getBytes(StandardCharsets.UTF_8));
    }
  }

  private final class HostCall implements Transport.Call {
    private final long id;
    private final String method;
    private final String authorization;
    private final byte[] request;
    private final long deadlineMillis;

    HostCall(long id, String method, String authorization, byte[] request, long deadlineMillis) {
      this.id = id;
      this.method = method;
      this.authorization = authorization;
      this.request = request;
      this.deadlineMillis = deadlineMillis;
    }

    @Override
    public @NotNull String method() {
      return method;
    }

    @Override
    public @NotNull String authorization() {
      return authorization;
    }

    @Override
    public byte @NotNull [] request() {
      return request;
    }

    @Override
    public long deadlineMillis() {
      return deadlineMillis;
    }

    @Override
    public void succeed(byte @NotNull [] response) {
      end(Code.OK, response);
    }

    @Override
    public void fail(@NotNull Code code, @NotNull String message) {
      end(code == Code.OK ? Code.INTERNAL : code, message.getBytes(StandardCharsets.UTF_8));
    }

    private void end(Code code, byte[] response) {
      if (calls.remove(id, this)) {
        core.complete(id, code, response);
      }
    }

    /** Without the secret. */
    @Override
    public String toString() {
      return method + " " + id;
    }
  }
}
