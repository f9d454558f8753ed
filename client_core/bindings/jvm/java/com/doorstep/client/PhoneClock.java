package com.doorstep.client;

import org.jetbrains.annotations.NotNull;

/**
 * The phone's clocks, where the system's own will not do: in tests, and on Android, where the time since boot that runs
 * through sleep is {@code SystemClock.elapsedRealtimeNanos} and the boot's id is {@code Settings.Global.BOOT_COUNT}.
 * Called from any thread, often; must be quick.
 */
public interface PhoneClock {
  @NotNull
  Reading now();

  /** One moment. */
  final class Reading {
    final long wallTimeMicros;
    final long monotonicMicros;
    final int utcOffsetSeconds;
    final String bootId;

    /**
     * @param wallTimeMicros Unix time
     * @param monotonicMicros runs while the phone sleeps; begins anew with each boot
     * @param utcOffsetSeconds -50400 to 50400
     * @param bootId 1 to 36 bytes; another with each boot
     */
    public Reading(long wallTimeMicros, long monotonicMicros, int utcOffsetSeconds, @NotNull String bootId) {
      this.wallTimeMicros = wallTimeMicros;
      this.monotonicMicros = monotonicMicros;
      this.utcOffsetSeconds = utcOffsetSeconds;
      this.bootId = bootId;
    }
  }
}
