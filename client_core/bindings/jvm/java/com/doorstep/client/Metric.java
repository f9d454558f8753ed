package com.doorstep.client;

import org.jetbrains.annotations.NotNull;

/** One thing that the core did and what it took, without ids or contents. */
public final class Metric {
  /** "open", "append", "call", "wake": doorstep.h says what each is. More may be added. */
  public final @NotNull String what;

  /** Of a call, "doorstep.v1.SyncService/Push"; else empty. */
  public final @NotNull String method;

  /** How it ended. */
  public final @NotNull Code code;

  public final long durationMicros;

  /** Of a call's messages, without what gRPC adds. */
  public final long bytesUp;

  public final long bytesDown;

  Metric(
      @NotNull String what, @NotNull String method, @NotNull Code code, long durationMicros, long bytesUp, long bytesDown) {
    this.what = what;
    this.method = method;
    this.code = code;
    this.durationMicros = durationMicros;
    this.bytesUp = bytesUp;
    this.bytesDown = bytesDown;
  }

  @Override
  public String toString() {
    return what + (method.isEmpty() ? "" : " " + method) + " " + code + " " + durationMicros + " us";
  }
}
