package com.doorstep.client;

import java.nio.charset.StandardCharsets;
import org.jetbrains.annotations.NotNull;

/** The core could not do what it was asked. {@link #code} says what to do, the message names field and bound. */
public final class DoorstepException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Code code;

  public DoorstepException(@NotNull Code code, @NotNull String message) {
    super(message);
    this.code = code;
  }

  /** Called by the native half. */
  static DoorstepException of(int number, byte[] message) {
    return new DoorstepException(Code.of(number), new String(message, StandardCharsets.UTF_8));
  }

  public @NotNull Code code() {
    return code;
  }

  /** Asking again later may help: there is no network, or it took too long. */
  public boolean isTemporary() {
    return code == Code.UNAVAILABLE || code == Code.DEADLINE_EXCEEDED;
  }

  @Override
  public String toString() {
    return code + ": " + getMessage();
  }
}
