package com.doorstep.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.doorstep.v1.AccountBrief;
import com.doorstep.v1.AppendRequest;
import com.doorstep.v1.AppendResponse;
import com.doorstep.v1.AttachmentAddRequest;
import com.doorstep.v1.AttachmentAddResponse;
import com.doorstep.v1.AttachmentReadRequest;
import com.doorstep.v1.AttachmentReadResponse;
import com.doorstep.v1.AttachmentsListRequest;
import com.doorstep.v1.AttachmentsListResponse;
import com.doorstep.v1.Bundle;
import com.doorstep.v1.EnrolmentRequest;
import com.doorstep.v1.EntryStatus;
import com.doorstep.v1.ExplainRequest;
import com.doorstep.v1.Explanation;
import com.doorstep.v1.JournalPosition;
import com.doorstep.v1.LocalVisit;
import com.doorstep.v1.PhoneNotice;
import com.doorstep.v1.PhoneStatus;
import com.doorstep.v1.QueueListRequest;
import com.doorstep.v1.QueueListResponse;
import com.doorstep.v1.QuiesceResult;
import com.doorstep.v1.Readiness;
import com.doorstep.v1.ReadinessRequest;
import com.doorstep.v1.SignInResult;
import com.doorstep.v1.SignOutResult;
import com.doorstep.v1.SyncBudget;
import com.doorstep.v1.SyncReport;
import com.doorstep.v1.VisitsListRequest;
import com.doorstep.v1.VisitsListResponse;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongFunction;
import org.jetbrains.annotations.NotNull;
import org.jetbrains.annotations.Nullable;

/**
 * The phone core of Doorstep: records what happens on a doorstep with no network, and syncs it.
 *
 * <p>Nothing here blocks but {@link #open} and {@link #close}: every call is a future. It ends with the answer, or with a
 * {@link DoorstepException} whose code says what to do ({@code join} wraps it in a CompletionException; Kotlin's {@code
 * await} does not). Calls that need no network are done one after another in the order in which they were made, so that
 * two taps stand in the journal as they were tapped. {@link #enrol}, {@link #syncOnce}, {@link #prepareOffline} and
 * {@link #quiesce} wait on threads of their own and hold up none of them. Futures are completed on the binding's threads:
 * give {@code thenAcceptAsync} the executor of your screen. Cancelling a future stops nobody.
 *
 * <p>Every method may be called from any thread. The messages are those of the contract; what they mean stands in
 * {@code doorstep/v1/client.proto}, and what each call promises in {@code doorstep/doorstep.h}.
 */
public final class DoorstepCore implements AutoCloseable {
  private final Open core = new Open();
  private final ExecutorService inOrder = Executors.newSingleThreadExecutor(task -> daemon(task, "doorstep-calls"));
  private final ExecutorService waiting = Executors.newCachedThreadPool(task -> daemon(task, "doorstep-waits"));
  private final ExecutorService telling = Executors.newSingleThreadExecutor(task -> daemon(task, "doorstep-events"));
  private final Events events = new Events(core, telling);

  private DoorstepCore(Options options) {
    HostBridge host = new HostBridge(options, core, events::changed);
    core.set(
        NativeCore.open(
            host,
            options.directory.getPath().getBytes(UTF_8),
            options.serverAddress.getBytes(UTF_8),
            options.insecureLoopback,
            options.clock != null,
            options.key != null,
            options.signer == null ? null : options.signer.point(),
            options.log != null,
            options.logLevel.ordinal(),
            options.metrics != null,
            options.transport != null));
  }

  /**
   * Opens the files in the folder, making them when missing: some milliseconds.
   *
   * @throws DoorstepException FAILED_PRECONDITION: another core has them open, or the key is missing or wrong;
   *     INVALID_ARGUMENT: the folder does not exist
   */
  public static @NotNull DoorstepCore open(@NotNull Options options) {
    return new DoorstepCore(options);
  }

  /** Of the native library: "0.1.0". */
  public static @NotNull String version() {
    return new String(NativeCore.version(), UTF_8);
  }

  /**
   * Stops syncing, gives up what waits for the network, and closes the files. Futures that are not done end with
   * CANCELLED. What was recorded stays. Repeating it does nothing. Not from within a {@link Transport} or a clock.
   */
  @Override
  public void close() {
    if (!core.close()) {
      return;
    }
    inOrder.shutdown();
    waiting.shutdown();
    telling.shutdown();
  }

  // ---- life ----

  /** At most 30 s. Repeat it after any failure: a lost answer gives the same device. */
  public @NotNull CompletableFuture<Void> enrol(@NotNull EnrolmentRequest request) {
    return ask(waiting, handle -> NativeCore.enrol(handle, request.toByteArray()), bytes -> null);
  }

  /** Who works with this phone from now on. Needs no network. PERMISSION_DENIED: the office does not let them. */
  public @NotNull CompletableFuture<SignInResult> signIn(@NotNull String technicianId) {
    return ask(inOrder, handle -> NativeCore.signIn(handle, technicianId.getBytes(UTF_8)), SignInResult::parseFrom);
  }

  /** What they recorded stays and is sent under their name. */
  public @NotNull CompletableFuture<SignOutResult> signOut(@NotNull String technicianId) {
    return ask(inOrder, handle -> NativeCore.signOut(handle, technicianId.getBytes(UTF_8)), SignOutResult::parseFrom);
  }

  // ---- recording ----

  /** Durable when it ends, with no network; never refused because of the visit's state. */
  public @NotNull CompletableFuture<AppendResponse> append(@NotNull AppendRequest request) {
    return ask(inOrder, handle -> NativeCore.append(handle, request.toByteArray()), AppendResponse::parseFrom);
  }

  public @NotNull CompletableFuture<EntryStatus> entryStatus(@NotNull JournalPosition position) {
    return ask(inOrder, handle -> NativeCore.entryStatus(handle, position.toByteArray()), EntryStatus::parseFrom);
  }

  public @NotNull CompletableFuture<QueueListResponse> queue(@NotNull QueueListRequest request) {
    return ask(inOrder, handle -> NativeCore.queueList(handle, request.toByteArray()), QueueListResponse::parseFrom);
  }

  // ---- photos, signatures, documents ----

  /** Durable when it ends. Add first, then append the entry that names the hash it answers. */
  public @NotNull CompletableFuture<AttachmentAddResponse> addAttachment(@NotNull AttachmentAddRequest request) {
    return ask(
        inOrder, handle -> NativeCore.attachmentAdd(handle, request.toByteArray()), AttachmentAddResponse::parseFrom);
  }

  public @NotNull CompletableFuture<AttachmentsListResponse> attachments(@NotNull AttachmentsListRequest request) {
    return ask(
        inOrder,
        handle -> NativeCore.attachmentsList(handle, request.toByteArray()),
        AttachmentsListResponse::parseFrom);
  }

  public @NotNull CompletableFuture<AttachmentReadResponse> readAttachment(@NotNull AttachmentReadRequest request) {
    return ask(
        inOrder, handle -> NativeCore.attachmentRead(handle, request.toByteArray()), AttachmentReadResponse::parseFrom);
  }

  // ---- reading ----

  public @NotNull CompletableFuture<VisitsListResponse> visits(@NotNull VisitsListRequest request) {
    return ask(inOrder, handle -> NativeCore.visitsList(handle, request.toByteArray()), VisitsListResponse::parseFrom);
  }

  /** NOT_FOUND: not on this phone; {@link #explain} says why. */
  public @NotNull CompletableFuture<LocalVisit> visit(@NotNull String visitId) {
    return ask(inOrder, handle -> NativeCore.visitGet(handle, visitId.getBytes(UTF_8)), LocalVisit::parseFrom);
  }

  public @NotNull CompletableFuture<AccountBrief> brief(@NotNull String accountId) {
    return ask(inOrder, handle -> NativeCore.briefGet(handle, accountId.getBytes(UTF_8)), AccountBrief::parseFrom);
  }

  // ---- sync ----

  /** Ends well also when it stopped early: the report says what was not done and why. For a background slot. */
  public @NotNull CompletableFuture<SyncReport> syncOnce(@NotNull SyncBudget budget) {
    return ask(waiting, handle -> NativeCore.syncOnce(handle, budget.toByteArray()), SyncReport::parseFrom);
  }

  /** Syncs by itself from now on. Repeating it does nothing. */
  public @NotNull CompletableFuture<Void> startSync() {
    return ask(inOrder, NativeCore::syncStart, bytes -> null);
  }

  public @NotNull CompletableFuture<Void> stopSync() {
    return ask(inOrder, NativeCore::syncStop, bytes -> null);
  }

  /** Does this phone have everything for a day without a network? Syncs first when the request has a budget. */
  public @NotNull CompletableFuture<Readiness> prepareOffline(@NotNull ReadinessRequest request) {
    return ask(waiting, handle -> NativeCore.prepareOffline(handle, request.toByteArray()), Readiness::parseFrom);
  }

  /**
   * Before the system suspends the app: calls under way get until then or are given up (0: at once), and the files have
   * nothing to recover. Whatever is called next wakes the core.
   */
  public @NotNull CompletableFuture<QuiesceResult> quiesce(int deadlineMillis) {
    return ask(waiting, handle -> NativeCore.quiesce(handle, deadlineMillis), QuiesceResult::parseFrom);
  }

  /** What the phone noticed. */
  public @NotNull CompletableFuture<Void> tell(@NotNull PhoneNotice notice) {
    return ask(inOrder, handle -> NativeCore.notice(handle, notice.getNumber()), bytes -> null);
  }

  /**
   * By what the push service wakes this app: at every start, and whenever the service names another ({@code
   * FirebaseMessagingService.onNewToken}); null or empty: nothing does any more. The office is told with the next contact.
   * Needs no network and no enrolment. As good as a secret.
   */
  public @NotNull CompletableFuture<Void> setPushToken(@Nullable String token) {
    byte[] bytes = (token == null ? "" : token).getBytes(UTF_8);
    return ask(inOrder, handle -> NativeCore.setPushToken(handle, bytes), answer -> null);
  }

  // ---- knowing ----

  /** {@code listener} hears on {@code executor} of everything from now on, and of what waits already, until it is closed. */
  public @NotNull Subscription listen(@NotNull Executor executor, @NotNull EventListener listener) {
    events.add(listener, executor);
    return () -> events.remove(listener);
  }

  /** Ends the listening. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  public @NotNull CompletableFuture<PhoneStatus> status() {
    return ask(inOrder, NativeCore::status, PhoneStatus::parseFrom);
  }

  /** Why an entry is not counted, why a visit is not here; plain words. */
  public @NotNull CompletableFuture<Explanation> explain(@NotNull ExplainRequest request) {
    return ask(inOrder, handle -> NativeCore.explain(handle, request.toByteArray()), Explanation::parseFrom);
  }

  /** All that is only on this phone, to be handed over as a file. Changes nothing here. */
  public @NotNull CompletableFuture<Bundle> exportBundle() {
    return ask(inOrder, NativeCore::exportBundle, Bundle::parseFrom);
  }

  private interface Reader<T> {
    T read(byte[] bytes) throws InvalidProtocolBufferException;
  }

  private <T> CompletableFuture<T> ask(Executor executor, LongFunction<byte[]> call, Reader<T> reader) {
    CompletableFuture<T> future = new CompletableFuture<>();
    try {
      executor.execute(
          () -> {
            try {
              future.complete(reader.read(core.with(call)));
            } catch (Throwable thrown) {
              future.completeExceptionally(thrown);
            }
          });
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(new DoorstepException(Code.CANCELLED, "the core is closed"));
    }
    return future;
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
