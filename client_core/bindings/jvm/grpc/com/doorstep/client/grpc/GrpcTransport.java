package com.doorstep.client.grpc;

import com.doorstep.client.Code;
import com.doorstep.client.Transport;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jetbrains.annotations.NotNull;

/** Carries the core's calls over a grpc-java channel of the host, which owns it, its TLS and its life. */
public final class GrpcTransport implements Transport {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Channel channel;
  private final Map<Call, ClientCall<byte[], byte[]>> started = new ConcurrentHashMap<>();

  public GrpcTransport(@NotNull Channel channel) {
    this.channel = channel;
  }

  @Override
  public void start(@NotNull Call call) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(call.method())
            .setRequestMarshaller(Bytes.INSTANCE)
            .setResponseMarshaller(Bytes.INSTANCE)
            .build();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(call.deadlineMillis(), TimeUnit.MILLISECONDS);
    Metadata headers = new Metadata();
    if (!call.authorization().isEmpty()) {
      headers.put(AUTHORIZATION, call.authorization());
    }
    ClientCall<byte[], byte[]> carried = channel.newCall(method, options);
    started.put(call, carried);
    carried.start(
        new ClientCall.Listener<byte[]>() {
          private byte[] answer;

          @Override
          public void onMessage(byte[] message) {
            answer = message;
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            started.remove(call);
            if (status.isOk() && answer != null) {
              call.succeed(answer);
            } else {
              String words = status.getDescription();
              call.fail(
                  status.isOk() ? Code.INTERNAL : Code.of(status.getCode().value()), words == null ? "" : words);
            }
          }
        },
        headers);
    carried.request(2); // One answer, and a second one that must not come.
    carried.sendMessage(call.request());
    carried.halfClose();
  }

  @Override
  public void cancel(@NotNull Call call) {
    ClientCall<byte[], byte[]> carried = started.remove(call);
    if (carried != null) {
      carried.cancel("nobody waits for it any more", null);
    }
  }

  /** Messages are serialized already. */
  private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
    INSTANCE;

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      byte[] piece = new byte[8192];
      try {
        for (int n = stream.read(piece); n >= 0; n = stream.read(piece)) {
          all.write(piece, 0, n);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return all.toByteArray();
    }
  }
}
