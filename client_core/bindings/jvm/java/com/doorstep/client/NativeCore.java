package com.doorstep.client;

import org.jetbrains.annotations.NotNull;

/**
 * The functions of the C header, as {@code native/doorstep_jni.c} hands them on: serialized messages in and out, a
 * {@link DoorstepException} for every other status. A handle is of one open core; who calls sees to it that it is not
 * closed meanwhile.
 */
final class NativeCore {
  static {
    System.loadLibrary("doorstep_jni");
  }

  private NativeCore() {}

  /** What the core calls, from threads of its own. Nothing may be thrown. Text is UTF-8. */
  interface Host {
    /** Fills wall time and monotonic time in microseconds and the offset from UTC in seconds; returns the boot's id. */
    byte[] readClock(long[] numbers);

    /** 32 bytes; null: there is no key. */
    byte[] readKey();

    /** Null: there is none now. */
    byte[] sign(byte[] message);

    void log(int level, byte[] line);

    void measured(byte[] what, byte[] method, int code, long durationUs, long bytesUp, long bytesDown);

    void start(long call, byte[] method, byte[] authorization, byte[] request, int deadlineMs);

    void cancel(long call);

    void changed(int kinds);
  }

  /** {@code signingPoint}: the public key, 65 bytes; null: the host does not sign. */
  static native long open(
      @NotNull Host host,
      byte[] directory,
      byte[] serverAddress,
      boolean insecureLoopback,
      boolean hasClock,
      boolean hasKey,
      byte[] signingPoint,
      boolean hasLog,
      int logLevel,
      boolean hasMetrics,
      boolean hasTransport);

  static native void close(long core);

  static native byte[] version();

  static native byte[] enrol(long core, byte[] request);

  static native byte[] setPushToken(long core, byte[] token);

  static native byte[] signIn(long core, byte[] technician);

  static native byte[] signOut(long core, byte[] technician);

  static native byte[] append(long core, byte[] request);

  static native byte[] entryStatus(long core, byte[] position);

  static native byte[] queueList(long core, byte[] request);

  static native byte[] attachmentAdd(long core, byte[] request);

  static native byte[] attachmentsList(long core, byte[] request);

  static native byte[] attachmentRead(long core, byte[] request);

  static native byte[] visitsList(long core, byte[] request);

  static native byte[] visitGet(long core, byte[] visit);

  static native byte[] briefGet(long core, byte[] account);

  static native byte[] syncOnce(long core, byte[] budget);

  static native byte[] syncStart(long core);

  static native byte[] syncStop(long core);

  static native byte[] prepareOffline(long core, byte[] request);

  static native byte[] quiesce(long core, int deadlineMs);

  static native byte[] status(long core);

  static native byte[] explain(long core, byte[] request);

  static native byte[] exportBundle(long core);

  /** A PhoneNotice. */
  static native byte[] notice(long core, int notice);

  /** Does not wait. */
  static native byte[] pollEvents(long core, int max);

  /** {@code kinds} as a set of bits; 0: nobody is told from now on. */
  static native byte[] observe(long core, int kinds);

  static native void complete(long core, long call, int status, byte[] response);
}
