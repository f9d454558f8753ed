# The day: every line of day.txt at its time, told to the phone or done by the office.
# shellcheck shell=bash

declare -A visit_open told=([ana]=0 [wei]=0)

# quoted_words LINE: fills `words` with its words; double quotes keep blanks together.
quoted_words() { mapfile -d '' -t words < <(xargs printf '%s\0' <<<"$1"); }

office_acts() {  # time, words of the line
  local words
  quoted_words "$2"
  office_quietly "${words[@]}"
  case ${words[1]} in
    reassign) say "$1  the office takes ${words[2]} from Ana and gives it to Wei; neither phone can know" ;;
    cancel) say "$1  the office cancels ${words[2]}; Wei's phone cannot know" ;;
  esac
}

phone_dies() {  # time, who
  local who=$2
  say_kill "$1  SIGKILL: ${phone_name[$who]}'s phone dies between two entries, $(count "${told[$who]}" entry entries) into the day"
  kill_phone "$who"
  start_phone "$who"
  ask "$who" offline
  ask "$who" status
  local kept
  kept=$(jq -r .answer.entries_recorded <<<"$reply")
  [ "$kept" = "${told[$who]}" ] || fail "the phone was opened again and has $kept entries, not ${told[$who]}" "$run_folder"
  say "       it is opened again and has all $kept"
}

phone_hears() {  # time, who, line
  local who=$2 line=$3 words
  ask "$who" "$line"
  case $line in
    *--anyway)
      say "$1  ${phone_name[$who]} notes something for a visit that the office does not know: $(cut -d' ' -f2 <<<"$line")"
      return ;;
    open\ *) visit_open[$who]=${line#open }; return ;;
    open-on-site\ *) visit_open[$who]=$(jq -r .visit_id <<<"$reply") ;;
    outcome\ *)
      words=${line#outcome }
      printf '   %s  %-4s %s  %s\n' "$1" "${phone_name[$who]}" "${visit_open[$who]}" "${words%% *}" ;;
  esac
  told[$who]=$((told[$who] + 1))
}

play_day() {
  local time who line last=''
  while read -r time who line; do
    case $time in '' | '#'*) continue ;; esac
    [ "$time" = "$last" ] || set_clock "$time"
    last=$time
    case $who in
      office) office_acts "$time" "$line" ;;
      kill) phone_dies "$time" "$line" ;;
      *) phone_hears "$time" "$who" "$line" ;;
    esac
  done <"$data/day.txt"
  say "the evening: $((told[ana] + told[wei])) entries recorded on two phones, none of them at the office yet"
}
