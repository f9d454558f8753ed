package com.doorstep.client;

import com.doorstep.v1.PhoneEvent;
import org.jetbrains.annotations.NotNull;

/** Hears what happens on the phone and at the office. */
@FunctionalInterface
public interface EventListener {
  void onEvent(@NotNull PhoneEvent event);

  /** More happened than was kept: read again what you show. */
  default void onOverflow() {}
}
