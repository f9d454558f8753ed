package com.doorstep.client;

import java.io.File;
import java.security.KeyPair;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jetbrains.annotations.NotNull;
import org.jetbrains.annotations.Nullable;

/** How a core is opened. Only the folder is needed; without a transport every call ends as UNAVAILABLE. */
public final class Options {
  final File directory;
  @Nullable PhoneClock clock;
  @Nullable Supplier<byte[]> key;
  @Nullable HardwareKey signer;
  @Nullable BiConsumer<LogLevel, String> log;
  LogLevel logLevel = LogLevel.INFO;
  @Nullable Consumer<Metric> metrics;
  String serverAddress = "";
  boolean insecureLoopback;
  @Nullable Transport transport = new NoNetwork();

  /**
   * @param directory an existing folder for this core's files alone, in storage that only this app can read and that is
   *     not part of the phone's backups: {@code Context.getNoBackupFilesDir()}. One core at a time.
   */
  public Options(@NotNull File directory) {
    this.directory = directory;
  }

  /** The host's clocks in place of the system's. */
  public @NotNull Options clock(@NotNull PhoneClock value) {
    clock = value;
    return this;
  }

  /**
   * Files are encrypted with these 32 bytes out of the host's keystore. Asked while the core is opened; what is thrown
   * fails the opening. The array is wiped.
   */
  public @NotNull Options key(@NotNull Supplier<byte[]> value) {
    key = value;
    return this;
  }

  /**
   * What the core sends is signed with this pair of keys on P-256: on Android those of an alias in the
   * {@code AndroidKeyStore}, whose private half never leaves the hardware and needs no prompt. Signing has a thread of its
   * own; while it throws, entries wait. Without it the core makes a key of its own.
   *
   * @throws IllegalArgumentException the keys are of another curve
   */
  public @NotNull Options signer(@NotNull KeyPair value) {
    signer = new HardwareKey(value);
    return this;
  }

  /** Lines of {@code least} and above; ids, never contents. From the core's threads; must be quick. */
  public @NotNull Options log(@NotNull LogLevel least, @NotNull BiConsumer<LogLevel, String> value) {
    logLevel = least;
    log = value;
    return this;
  }

  /** What the core does and what it took. From its threads; must be quick. */
  public @NotNull Options metrics(@NotNull Consumer<Metric> value) {
    metrics = value;
    return this;
  }

  /** The host carries the calls. */
  public @NotNull Options transport(@NotNull Transport value) {
    transport = value;
    serverAddress = "";
    insecureLoopback = false;
    return this;
  }

  /**
   * The core's own gRPC carries the calls, without TLS, to a server on this machine: "127.0.0.1:7443". Only where the
   * native library has it; the one made for phones answers UNIMPLEMENTED.
   */
  public @NotNull Options builtInTransport(@NotNull String loopbackAddress) {
    serverAddress = loopbackAddress;
    insecureLoopback = true;
    transport = null;
    return this;
  }

  /** As long as the host has named no other. */
  private static final class NoNetwork implements Transport {
    @Override
    public void start(@NotNull Call call) {
      call.fail(Code.UNAVAILABLE, "this app has not given a transport");
    }

    @Override
    public void cancel(@NotNull Call call) {}
  }
}
