package com.doorstep.client;

import java.util.function.LongFunction;
import org.jetbrains.annotations.NotNull;

/** An open core's handle, and who is inside it: nobody may be while it is closed. */
final class Open {
  private long handle;
  private int inside;
  private boolean closed;

  /** Once, before anybody else calls in; callbacks may come before that and find nobody at home. */
  synchronized void set(long value) {
    handle = value;
  }

  /** CANCELLED when it is closed, or is being closed. */
  byte[] with(@NotNull LongFunction<byte[]> body) {
    long core = enter();
    if (core == 0) {
      throw new DoorstepException(Code.CANCELLED, "the core is closed");
    }
    try {
      return body.apply(core);
    } finally {
      leave();
    }
  }

  /** Nothing when it is closed. */
  void complete(long call, Code status, byte[] response) {
    long core = enter();
    if (core == 0) {
      return;
    }
    try {
      NativeCore.complete(core, call, status.ordinal(), response);
    } finally {
      leave();
    }
  }

  /** False: somebody else has closed it, or closes it. Returns when it is done. */
  boolean close() {
    long core;
    synchronized (this) {
      if (closed) {
        return false;
      }
      closed = true;
      core = handle;
    }
    try {
      NativeCore.quiesce(core, 0); // Whoever waits inside for the network returns.
    } catch (DoorstepException ignored) {
      // It is closed all the same.
    }
    waitUntilEmpty();
    NativeCore.close(core);
    return true;
  }

  private synchronized long enter() {
    if (closed || handle == 0) {
      return 0;
    }
    ++inside;
    return handle;
  }

  private synchronized void leave() {
    if (--inside == 0) {
      notifyAll();
    }
  }

  private synchronized void waitUntilEmpty() {
    boolean interrupted = false;
    while (inside > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // Closing half is not possible; the thread is told afterwards.
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
