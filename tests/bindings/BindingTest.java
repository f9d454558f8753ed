import com.doorstep.client.Code;
import com.doorstep.client.DoorstepCore;
import com.doorstep.client.DoorstepException;
import com.doorstep.client.Metric;
import com.doorstep.client.Options;
import com.doorstep.client.Transport;
import com.doorstep.v1.AppendRequest;
import com.doorstep.v1.AppendResponse;
import com.doorstep.v1.EnrolmentRequest;
import com.doorstep.v1.LogEntry;
import com.doorstep.v1.Note;
import com.doorstep.v1.PhoneEvent;
import com.doorstep.v1.SyncBudget;
import com.doorstep.v1.SyncReport;
import java.io.File;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What the Java binding promises beyond the core: threads, order, life and errors. BindingTest FOLDER SERVER CODE. */
public final class BindingTest {
  private static final int PATIENCE_S = 60;

  private static String server;

  public static void main(String[] words) throws Exception {
    File folder = new File(words[0]);
    server = words[1];
    aKeyThatIsWrongIsRefused(new File(folder, "key"));
    aTransportThatThrowsEndsTheCall(new File(folder, "throwing"));
    tapsAndOpeningsAreMeasured(new File(folder, "measured"));
    whatWakesThePhoneIsKeptAndNotShown(new File(folder, "push"));
    aClosedCoreAnswersNobody(new File(folder, "closed"));
    nobodyWaitsForACoreThatIsClosed(new File(folder, "waiting"));
    closingLeavesNoThreads(new File(folder, "threads"));
    keysOfAnotherCurveAreRefused(new File(folder, "curve"));
    tapsStandInTheOrderOfTheCalls(new File(folder, "phone"), words[2]);
    aListenerMayAskTheCore(new File(folder, "phone"));
    whatIsSentIsSignedByTheHardware(new File(folder, "phone"));
    System.out.println("all promises hold");
  }

  private static void aKeyThatIsWrongIsRefused(File folder) {
    DoorstepCore.open(in(folder).key(() -> keyOf(7))).close();
    expect(Code.FAILED_PRECONDITION, () -> DoorstepCore.open(in(folder).key(() -> keyOf(1))));
    expect(Code.FAILED_PRECONDITION, () -> DoorstepCore.open(in(folder).key(() -> new byte[32])));
    expect(Code.FAILED_PRECONDITION, () -> DoorstepCore.open(in(folder).key(() -> null)));
    expect(
        Code.FAILED_PRECONDITION,
        () ->
            DoorstepCore.open(
                in(folder)
                    .key(
                        () -> {
                          throw new IllegalStateException("the keystore is locked");
                        })));
    DoorstepCore.open(in(folder).key(() -> keyOf(7))).close();
  }

  private static KeyPair keysOn(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void keysOfAnotherCurveAreRefused(File folder) {
    try {
      in(folder).signer(keysOn("secp384r1"));
    } catch (IllegalArgumentException refused) {
      return;
    }
    check(false, "keys of P-384 are refused");
  }

  private static byte[] keyOf(int first) {
    byte[] key = new byte[32];
    key[0] = (byte) first;
    return key;
  }

  private static void aTransportThatThrowsEndsTheCall(File folder) {
    Transport throwing =
        new Transport() {
          @Override
          public void start(Call call) {
            throw new IllegalStateException("no network stack");
          }

          @Override
          public void cancel(Call call) {
            throw new IllegalStateException("no network stack");
          }
        };
    try (DoorstepCore core = DoorstepCore.open(in(folder).transport(throwing))) {
      expect(Code.INTERNAL, () -> core.enrol(EnrolmentRequest.newBuilder().setInvitationCode("x").build()).join());
    }
  }

  private static void tapsAndOpeningsAreMeasured(File folder) {
    List<Metric> told = Collections.synchronizedList(new ArrayList<>());
    try (DoorstepCore core = DoorstepCore.open(in(folder).metrics(told::add))) {
      expect(Code.FAILED_PRECONDITION, () -> core.append(note("on no phone yet")).join());
    }
    told.removeIf(metric -> metric.what.equals("wake"));
    check(told.size() == 2, "measured " + told);
    check(told.get(0).what.equals("open") && told.get(0).code == Code.OK, "measured " + told);
    check(told.get(0).durationMicros > 0, "measured " + told);
    check(told.get(1).what.equals("append") && told.get(1).code == Code.FAILED_PRECONDITION, "measured " + told);
  }

  private static void whatWakesThePhoneIsKeptAndNotShown(File folder) {
    try (DoorstepCore core = DoorstepCore.open(in(folder))) {
      expect(Code.INVALID_ARGUMENT, () -> core.setPushToken("x".repeat(4097)).join());
      core.setPushToken("fcm-secret").join();
    }
    try (DoorstepCore core = DoorstepCore.open(in(folder))) {
      check(core.status().join().getPushTokenSet(), "it is durable, enrolled or not");
      check(!core.status().join().toString().contains("fcm-secret"), "a status shows no token");
      core.setPushToken(null).join();
      check(!core.status().join().getPushTokenSet(), "the phone has none any more");
    }
  }

  private static void aClosedCoreAnswersNobody(File folder) {
    DoorstepCore core = DoorstepCore.open(in(folder));
    core.close();
    core.close();
    expect(Code.CANCELLED, () -> core.status().join());
    expect(Code.CANCELLED, () -> core.listen(Runnable::run, event -> {}));
  }

  private static void nobodyWaitsForACoreThatIsClosed(File folder) throws Exception {
    BlockingQueue<Transport.Call> started = new LinkedBlockingQueue<>();
    Transport silent =
        new Transport() {
          @Override
          public void start(Call call) {
            started.add(call);
          }

          @Override
          public void cancel(Call call) {}
        };
    DoorstepCore core = DoorstepCore.open(in(folder).transport(silent));
    CompletableFuture<Void> enrolment = core.enrol(EnrolmentRequest.newBuilder().setInvitationCode("x").build());
    Transport.Call call = started.poll(PATIENCE_S, TimeUnit.SECONDS);
    check(call != null, "the enrolment is sent");
    core.close();
    check(enrolment.isDone() || failed(enrolment), "the enrolment has ended");
    call.succeed(new byte[] {1, 2, 3}); // Too late, and harmless.
    call.fail(Code.UNAVAILABLE, "too late");
  }

  private static void closingLeavesNoThreads(File folder) throws Exception {
    DoorstepCore.open(in(folder)).close();
    int before = Thread.activeCount();
    for (int i = 0; i < 50; ++i) {
      try (DoorstepCore core = DoorstepCore.open(in(folder))) {
        core.status().join();
        core.quiesce(0).join();
      }
    }
    for (int i = 0; i < 1000 && Thread.activeCount() > before; ++i) {
      Thread.sleep(10); // A poll with a bound: threads that were told to end do so in their own time.
    }
    check(Thread.activeCount() <= before, "threads end with their core, and not " + Thread.activeCount() + " are left");
  }

  /** The office takes nothing else from a phone that has told a key. */
  private static void whatIsSentIsSignedByTheHardware(File folder) {
    try (DoorstepCore core = DoorstepCore.open(in(folder).builtInTransport(server).signer(keysOn("secp256r1")))) {
      core.append(note("signed")).join();
      SyncReport report = core.syncOnce(SyncBudget.newBuilder().setTimeMsMax(PATIENCE_S * 1000).build()).join();
      check(report.getComplete() && report.getEntriesLeft() == 0, "all is at the office: " + report);
    }
  }

  private static void tapsStandInTheOrderOfTheCalls(File folder, String code) {
    try (DoorstepCore core = DoorstepCore.open(in(folder).builtInTransport(server))) {
      core.enrol(EnrolmentRequest.newBuilder().setInvitationCode(code).build()).join();
      List<CompletableFuture<AppendResponse>> taps = new ArrayList<>();
      for (int i = 0; i < 200; ++i) {
        taps.add(core.append(note("Ventil " + i + " 林 \uD83D\uDD27")));
      }
      for (int i = 0; i < taps.size(); ++i) {
        check(taps.get(i).join().getPosition().getSeq() == i + 1, "tap " + i + " stands where it was made");
      }
      expect(
          Code.INVALID_ARGUMENT,
          () -> core.append(AppendRequest.newBuilder().setToken("x".repeat(65)).setEntry(note("x").getEntry()).build()).join());
    }
  }

  private static void aListenerMayAskTheCore(File folder) throws Exception {
    ExecutorService screen = Executors.newSingleThreadExecutor(task -> new Thread(task, "screen"));
    try (DoorstepCore core = DoorstepCore.open(in(folder).builtInTransport(server))) {
      CountDownLatch safe = new CountDownLatch(1);
      CompletableFuture<Long> asked = new CompletableFuture<>();
      DoorstepCore.Subscription first =
          core.listen(
              screen,
              event -> {
                check(Thread.currentThread().getName().equals("screen"), "events come where they were asked for");
                if (event.getKind() == PhoneEvent.Kind.KIND_ENTRIES_SAFE) {
                  asked.complete(core.status().join().getEntriesSavedHere());
                  safe.countDown();
                }
              });
      SyncReport report = core.syncOnce(SyncBudget.getDefaultInstance()).join();
      check(report.getEntriesSent() == 200, "all is sent: " + report);
      check(safe.await(PATIENCE_S, TimeUnit.SECONDS), "the listener hears that entries are safe");
      check(asked.get() == 0, "a listener may ask the core");

      first.close();
      ExecutorService gone = Executors.newSingleThreadExecutor();
      gone.shutdown();
      core.listen(gone, event -> {}); // Hears nothing, and is in nobody's way.
      CountDownLatch again = new CountDownLatch(1);
      core.listen(screen, event -> again.countDown());
      core.append(note("noch eine")).join();
      core.syncOnce(SyncBudget.getDefaultInstance()).join();
      check(again.await(PATIENCE_S, TimeUnit.SECONDS), "another listener hears after the first has gone");
    } finally {
      screen.shutdown();
    }
  }

  // ---- helpers ----

  private static Options in(File folder) {
    folder.mkdirs();
    return new Options(folder);
  }

  private static AppendRequest note(String text) {
    return AppendRequest.newBuilder()
        .setEntry(LogEntry.newBuilder().setVisitId("V-1").setNote(Note.newBuilder().setText(text)))
        .build();
  }

  private static boolean failed(CompletableFuture<?> future) throws Exception {
    try {
      future.get(PATIENCE_S, TimeUnit.SECONDS);
      return false;
    } catch (java.util.concurrent.ExecutionException e) {
      return true;
    }
  }

  private static void expect(Code code, Runnable body) {
    try {
      body.run();
    } catch (CompletionException | DoorstepException e) {
      Throwable why = e instanceof CompletionException ? e.getCause() : e;
      check(why instanceof DoorstepException && ((DoorstepException) why).code() == code, code + " and not " + why);
      return;
    }
    check(false, "it must fail with " + code);
  }

  private static void check(boolean holds, String promise) {
    if (!holds) {
      new AssertionError(promise).printStackTrace();
      System.exit(1);
    }
  }
}
