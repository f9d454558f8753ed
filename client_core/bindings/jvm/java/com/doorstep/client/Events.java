package com.doorstep.client;

import com.doorstep.v1.EventsPollResponse;
import com.doorstep.v1.PhoneEvent;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Fetches events when the core says that there are some, and hands each to every listener. Runs on the binding's own
 * thread, never on the core's, so that a listener may do whatever it likes.
 */
final class Events {
  private static final int POLL_MAX = 256;
  private static final int EVERY_KIND = -1;

  private final Open core;
  private final Executor thread;
  private final Map<EventListener, Executor> listeners = new ConcurrentHashMap<>();

  Events(Open core, Executor thread) {
    this.core = core;
    this.thread = thread;
  }

  void add(EventListener listener, Executor executor) {
    if (listeners.putIfAbsent(listener, executor) != null) {
      throw new IllegalArgumentException("this listener listens already");
    }
    core.with(handle -> NativeCore.observe(handle, EVERY_KIND));
  }

  /** Nothing is handed to it from now on, but for what its executor has already. */
  void remove(EventListener listener) {
    listeners.remove(listener);
  }

  /** On one of the core's threads. */
  void changed() {
    try {
      thread.execute(this::fetch);
    } catch (RejectedExecutionException ignored) {
      // It is being closed.
    }
  }

  private void fetch() {
    boolean more = true;
    while (more) {
      EventsPollResponse polled;
      try {
        polled = EventsPollResponse.parseFrom(core.with(handle -> NativeCore.pollEvents(handle, POLL_MAX)));
      } catch (DoorstepException | InvalidProtocolBufferException e) {
        return; // Closed meanwhile.
      }
      if (polled.getOverflowed()) {
        listeners.forEach((listener, executor) -> hand(executor, listener::onOverflow));
      }
      for (PhoneEvent event : polled.getEventsList()) {
        listeners.forEach((listener, executor) -> hand(executor, () -> listener.onEvent(event)));
      }
      more = polled.getEventsCount() == POLL_MAX;
    }
  }

  /** A screen that has gone takes nothing any more; the others still hear. */
  private static void hand(Executor executor, Runnable told) {
    try {
      executor.execute(told);
    } catch (RejectedExecutionException ignored) {
      // Its host has shut it down, and will end the listening.
    }
  }
}
