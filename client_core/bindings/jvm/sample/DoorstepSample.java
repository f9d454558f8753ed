import com.doorstep.client.DoorstepCore;
import com.doorstep.client.DoorstepException;
import com.doorstep.client.LogLevel;
import com.doorstep.client.Options;
import com.doorstep.client.grpc.GrpcTransport;
import com.doorstep.v1.AppendRequest;
import com.doorstep.v1.AppendResponse;
import com.doorstep.v1.Arrived;
import com.doorstep.v1.EnrolmentRequest;
import com.doorstep.v1.ExplainRequest;
import com.doorstep.v1.LocalVisit;
import com.doorstep.v1.LogEntry;
import com.doorstep.v1.Note;
import com.doorstep.v1.Outcome;
import com.doorstep.v1.OutcomeCode;
import com.doorstep.v1.OutcomeReported;
import com.doorstep.v1.PhoneStatus;
import com.doorstep.v1.SyncBudget;
import com.doorstep.v1.SyncReport;
import com.doorstep.v1.VisitsListRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.File;
import java.util.concurrent.CompletionException;

/**
 * A technician's phone app in one file. Recording needs no network; kill it whenever you like and go on.
 *
 * <pre>
 *   java DoorstepSample FOLDER SERVER enrol CODE     makes this folder a phone
 *   java DoorstepSample FOLDER SERVER sync           sends and fetches; add --built-in for the core's own gRPC
 *   java DoorstepSample FOLDER SERVER visits
 *   java DoorstepSample FOLDER SERVER arrive VISIT
 *   java DoorstepSample FOLDER SERVER note VISIT TEXT [TIMES]
 *   java DoorstepSample FOLDER SERVER fixed VISIT
 *   java DoorstepSample FOLDER SERVER status
 * </pre>
 */
public final class DoorstepSample {
  public static void main(String[] words) {
    if (words.length < 3) {
      System.err.println("Error: too few words.\nTry: DoorstepSample FOLDER SERVER enrol CODE");
      System.exit(2);
    }
    boolean builtIn = words[words.length - 1].equals("--built-in");
    File folder = new File(words[0]);
    folder.mkdirs();

    ManagedChannel channel = NettyChannelBuilder.forTarget(words[1]).usePlaintext().build();
    Options options = new Options(folder).log(LogLevel.WARNING, (level, line) -> System.err.println(level + " " + line));
    if (builtIn) {
      options.builtInTransport(words[1]);
    } else {
      options.transport(new GrpcTransport(channel));
    }
    try (DoorstepCore core = DoorstepCore.open(options)) {
      run(core, words);
    } catch (CompletionException | DoorstepException e) {
      Throwable why = e instanceof CompletionException ? e.getCause() : e;
      System.err.println("Error: " + why);
      System.exit(1);
    } finally {
      channel.shutdownNow();
    }
  }

  private static void run(DoorstepCore core, String[] words) {
    switch (words[2]) {
      case "enrol":
        core.enrol(
                EnrolmentRequest.newBuilder()
                    .setInvitationCode(words[3])
                    .setDeviceName("sample")
                    .setPlatform("jvm " + DoorstepCore.version())
                    .build())
            .join();
        System.out.println("enrolled");
        break;
      case "sync":
        SyncReport report = core.syncOnce(SyncBudget.newBuilder().setTimeMsMax(20_000).build()).join();
        System.out.println("sent " + report.getEntriesSent() + ", " + report.getEntriesLeft() + " left"
            + (report.getComplete() ? "" : ": " + report.getStoppedBecause()));
        break;
      case "visits":
        for (LocalVisit visit : core.visits(VisitsListRequest.getDefaultInstance()).join().getVisitsList()) {
          System.out.println(visit.getVisit().getId() + "  " + visit.getAccountName());
        }
        break;
      case "arrive":
        record(core, LogEntry.newBuilder().setVisitId(words[3]).setArrived(Arrived.getDefaultInstance()));
        break;
      case "note":
        int times = words.length > 5 ? Integer.parseInt(words[5]) : 1;
        for (int i = 0; i < times; i++) {
          record(core, LogEntry.newBuilder().setVisitId(words[3]).setNote(Note.newBuilder().setText(words[4])));
        }
        break;
      case "fixed":
        Outcome fixed = Outcome.newBuilder().setCode(OutcomeCode.OUTCOME_CODE_RESOLVED).build();
        record(
            core,
            LogEntry.newBuilder()
                .setVisitId(words[3])
                .setOutcomeReported(OutcomeReported.newBuilder().setOutcome(fixed).setFinished(true)));
        break;
      case "status":
        PhoneStatus status = core.status().join();
        System.out.println(status.getEntriesRecorded() + " recorded, " + status.getEntriesSavedHere() + " only here, "
            + status.getEntriesCounted() + " counted");
        if (status.hasLastEntry()) {
          ExplainRequest last = ExplainRequest.newBuilder().setEntry(status.getLastEntry()).build();
          core.explain(last).join().getLinesList().forEach(System.out::println);
        }
        break;
      default:
        System.err.println("Error: there is no '" + words[2] + "'.\nTry: enrol, sync, visits, arrive, note, fixed, status");
    }
  }

  /** Durable when it returns: whatever happens to the phone now, the entry is there. */
  private static void record(DoorstepCore core, LogEntry.Builder entry) {
    AppendResponse saved = core.append(AppendRequest.newBuilder().setEntry(entry).build()).join();
    System.out.println("saved " + saved.getPosition().getDevice() + "." + saved.getPosition().getEpoch() + "."
        + saved.getPosition().getSeq());
    saved.getWarningsList().forEach(warning -> System.out.println("  " + warning));
  }
}
