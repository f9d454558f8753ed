#include "client_core/rules/visit_overlay.h"

#include <utility>

#include "client_core/rules/visit_fold.h"

namespace doorstep {

VisitOverlay::VisitOverlay(v1::Visit row) : row_(std::move(row)) {}

// Laying goes on where it stopped unless the new fact changes what is laid already.
bool VisitOverlay::MustLayAllAgain(const v1::FoldFact& added) const {
  if (DecidesAboutOthers(added)) return true;
  // Folded before something that is laid: journals differ in their clocks.
  if (last_ >= 0 && FoldsBefore(added, above_.facts(last_))) return true;
  for (const v1::JournalPosition* name : {&added.position(), &added.first_position()}) {
    if (named_.count(Place(name->device(), name->epoch(), name->seq())) > 0) return true;
  }
  return false;
}

void VisitOverlay::Add(v1::FoldFact fact) {
  ++added_;
  const int index = above_.facts_size();
  AddFact(std::move(fact), /*late=*/false, above_);
  if (above_.facts_size() == index) return;
  const v1::FoldFact& added = above_.facts(index);
  lay_all_ = lay_all_ || MustLayAllAgain(added);
  if (DecidesAboutOthers(added)) {
    named_.insert(Place(added.target().device(), added.target().epoch(), added.target().seq()));
  }
  if (last_ < 0 || FoldsBefore(above_.facts(last_), added)) last_ = index;
}

void VisitOverlay::Lay() {
  if (lay_all_) {
    folder_ = VisitFolder(row_);
    const EffectiveFacts facts(above_);
    for (const v1::FoldFact* fact : facts) folder_.Apply(*fact);
    laid_ += facts.size();
  } else {
    for (int i = laid_through_; i < above_.facts_size(); ++i) folder_.Apply(above_.facts(i));
    laid_ += static_cast<uint64_t>(above_.facts_size() - laid_through_);
  }
  lay_all_ = false;
  laid_through_ = above_.facts_size();
}

v1::Visit VisitOverlay::visit() {
  if (added_ == 0) return row_;
  if (lay_all_ || laid_through_ < above_.facts_size()) Lay();
  v1::Visit visit = VisitFolder(folder_).Finish();  // A copy finishes: more facts may come.
  visit.set_facts(row_.facts() + added_);
  return visit;
}

}  // namespace doorstep
