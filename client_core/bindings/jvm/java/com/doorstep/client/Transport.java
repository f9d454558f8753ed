package com.doorstep.client;

import org.jetbrains.annotations.NotNull;

/**
 * Carries the core's calls to the office over the host's own gRPC. {@code com.doorstep.client.grpc.GrpcTransport} does
 * it with grpc-java.
 */
public interface Transport {
  /**
   * Begins a unary call and returns at once. Somebody ends it later, from any thread, with {@link Call#succeed} or
   * {@link Call#fail}; what is thrown here ends it as INTERNAL.
   */
  void start(@NotNull Call call);

  /** Nobody waits for this call any more. Ending it nevertheless is allowed and ignored. */
  void cancel(@NotNull Call call);

  /** One unary call. */
  interface Call {
    /** "doorstep.v1.SyncService/Push" */
    @NotNull
    String method();

    /** For the metadata "authorization": "Bearer ...". Empty: none. Secret. */
    @NotNull
    String authorization();

    /** The serialized request. */
    byte @NotNull [] request();

    /** From now. */
    long deadlineMillis();

    /** The serialized answer. Repeating it, or {@link #fail}, changes nothing. */
    void succeed(byte @NotNull [] response);

    /** The status that gRPC gave, and its words. */
    void fail(@NotNull Code code, @NotNull String message);
  }
}
