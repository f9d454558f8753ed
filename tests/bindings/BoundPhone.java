import com.doorstep.client.Code;
import com.doorstep.client.DoorstepCore;
import com.doorstep.client.DoorstepException;
import com.doorstep.client.Options;
import com.doorstep.client.PhoneClock;
import com.doorstep.client.Transport;
import com.doorstep.v1.AppendRequest;
import com.doorstep.v1.AttachmentAddRequest;
import com.doorstep.v1.EnrolmentRequest;
import com.doorstep.v1.ExplainRequest;
import com.doorstep.v1.JournalPosition;
import com.doorstep.v1.PhoneNotice;
import com.doorstep.v1.ReadinessRequest;
import com.doorstep.v1.SyncBudget;
import com.google.protobuf.MessageLite;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The phones of the stories, through the Java binding. What is said on its pipes stands in bound_core.cc. */
public final class BoundPhone {
  private static final DataInputStream in = new DataInputStream(System.in);
  private static final DataOutputStream out = new DataOutputStream(System.out);
  private static final Map<Integer, Phone> phones = new ConcurrentHashMap<>();

  private interface Frame {
    void write(DataOutputStream to) throws IOException;
  }

  private static final class Phone implements Transport {
    final int number;
    final Map<Long, Call> calls = new ConcurrentHashMap<>();
    final Map<Call, Long> numbers = new ConcurrentHashMap<>();
    volatile PhoneClock.Reading now;
    volatile DoorstepCore core;
    long started;

    Phone(int number) {
      this.number = number;
    }

    @Override
    public synchronized void start(Call call) {
      long id = ++started;
      calls.put(id, call);
      numbers.put(call, id);
      send(
          's',
          to -> {
            to.writeInt(number);
            to.writeLong(id);
            writeBytes(to, ("/" + call.method()).getBytes(StandardCharsets.UTF_8));
            writeBytes(to, call.authorization().getBytes(StandardCharsets.UTF_8));
            writeBytes(to, call.request());
            to.writeInt((int) call.deadlineMillis());
          });
    }

    @Override
    public void cancel(Call call) {
      Long id = numbers.remove(call);
      if (id == null) {
        return;
      }
      calls.remove(id);
      send(
          'x',
          to -> {
            to.writeInt(number);
            to.writeLong(id);
          });
    }

    void done(long id, int status, byte[] response) {
      Call call = calls.remove(id);
      if (call == null) {
        return;
      }
      numbers.remove(call);
      if (status == 0) {
        call.succeed(response);
      } else {
        call.fail(Code.of(status), new String(response, StandardCharsets.UTF_8));
      }
    }
  }

  public static void main(String[] words) throws IOException {
    ExecutorService asking = Executors.newCachedThreadPool();
    try {
      while (true) {
        in.readInt(); // The frame's length: every field has its own.
        switch (in.readByte()) {
          case 'c':
            int ask = in.readInt();
            Phone phone = phones.computeIfAbsent(in.readInt(), Phone::new);
            String function = readText();
            phone.now = new PhoneClock.Reading(in.readLong(), in.readLong(), in.readInt(), readText());
            byte[] argument = readBytes();
            asking.execute(() -> answer(ask, phone, function, argument));
            break;
          case 'd':
            Phone of = phones.get(in.readInt());
            long call = in.readLong();
            int status = in.readInt();
            byte[] response = readBytes();
            if (of != null) {
              of.done(call, status, response);
            }
            break;
          default:
            throw new IOException("a frame of no kind");
        }
      }
    } catch (EOFException ended) {
      System.exit(0);
    }
  }

  private static void answer(int ask, Phone phone, String function, byte[] argument) {
    int status = 0;
    byte[] bytes;
    try {
      bytes = call(phone, function, argument);
    } catch (Throwable thrown) {
      Throwable why = thrown instanceof CompletionException ? thrown.getCause() : thrown;
      Code code = why instanceof DoorstepException ? ((DoorstepException) why).code() : Code.INTERNAL;
      status = code.ordinal();
      bytes = (why instanceof DoorstepException ? why.getMessage() : why.toString()).getBytes(StandardCharsets.UTF_8);
    }
    int answered = status;
    byte[] content = bytes;
    send(
        'a',
        to -> {
          to.writeInt(ask);
          to.writeInt(answered);
          writeBytes(to, content);
        });
  }

  private static byte[] call(Phone phone, String function, byte[] argument) throws IOException {
    DoorstepCore core = phone.core;
    String text = new String(argument, StandardCharsets.UTF_8);
    switch (function) {
      case "open":
        String[] parts = text.split("\0", -1);
        Options options = new Options(new File(parts[0])).clock(() -> phone.now);
        if (parts[1].isEmpty()) {
          options.transport(phone);
        } else {
          options.builtInTransport(parts[1]);
        }
        phone.core = DoorstepCore.open(options);
        return new byte[0];
      case "close":
        core.close();
        phones.remove(phone.number);
        return new byte[0];
      case "enrol":
        core.enrol(EnrolmentRequest.parseFrom(argument)).join();
        return new byte[0];
      case "notify":
        core.tell(PhoneNotice.forNumber(Integer.parseInt(text))).join();
        return new byte[0];
      default:
        return message(core, function, argument, text).join().toByteArray();
    }
  }

  private static CompletableFuture<? extends MessageLite> message(
      DoorstepCore core, String function, byte[] argument, String text) throws IOException {
    switch (function) {
      case "sign_in":
        return core.signIn(text);
      case "sign_out":
        return core.signOut(text);
      case "append":
        return core.append(AppendRequest.parseFrom(argument));
      case "entry_status":
        return core.entryStatus(JournalPosition.parseFrom(argument));
      case "attachment_add":
        return core.addAttachment(AttachmentAddRequest.parseFrom(argument));
      case "visit_get":
        return core.visit(text);
      case "sync_once":
        return core.syncOnce(SyncBudget.parseFrom(argument));
      case "prepare_offline":
        return core.prepareOffline(ReadinessRequest.parseFrom(argument));
      case "quiesce":
        return core.quiesce(Integer.parseInt(text));
      case "status":
        return core.status();
      case "explain":
        return core.explain(ExplainRequest.parseFrom(argument));
      default:
        throw new IOException("there is no function " + function);
    }
  }

  private static void send(char kind, Frame frame) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream to = new DataOutputStream(bytes);
      to.writeByte(kind);
      frame.write(to);
      synchronized (out) {
        out.writeInt(bytes.size());
        bytes.writeTo(out);
        out.flush();
      }
    } catch (IOException e) {
      System.exit(1); // Nobody is left to hear it.
    }
  }

  private static void writeBytes(DataOutputStream to, byte[] bytes) throws IOException {
    to.writeInt(bytes.length);
    to.write(bytes);
  }

  private static byte[] readBytes() throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }

  private static String readText() throws IOException {
    return new String(readBytes(), StandardCharsets.UTF_8);
  }
}
