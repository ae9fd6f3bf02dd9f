// match statements. The subject stays in a temporary until a case is chosen. A pattern's intermediate values
// and the captured ones lie above it; where a pattern fails, it jumps to a place that empties exactly those
// registers.
#include "vm/compile/codegen.h"
#include "vm/compile/unparse.h"

namespace pt::compiler {

// One case of a match statement.
class PatternCompiler {
 public:
  PatternCompiler(Codegen& generator, int subject, bool allow_irrefutable)
      : generator_(generator), base_(subject + 1), allow_irrefutable_(allow_irrefutable) {}

  // Tests and destructures the value in `reg`, which stays; captures are collected. `is_owned`: the register
  // belongs to the pattern, which empties it or captures it.
  void pattern(const Pattern* node, int reg, bool is_owned);
  // Stores the captured values.
  void store_captures(const Span& span);
  // Where a failed pattern arrives: everything above the subject is emptied.
  void bind_failures();
  Label& fail() { return failure(0); }

 private:
  struct Capture {
    const Identifier* name;
    int reg;
    bool is_owned;
  };

  Label& failure(int registers) {
    while (failures_.size() <= static_cast<size_t>(registers)) failures_.push_back(new Label);
    return *failures_[static_cast<size_t>(registers)];
  }
  // Failing here has to empty all registers allocated so far.
  Label& fail_here() { return failure(generator_.next_temp_ - base_); }
  void value(const Pattern* node, const Expr* expected, int reg, bool is_owned);
  void sequence(const MatchSequence* node, int reg, bool is_owned);
  void mapping(const MatchMapping* node, int reg, bool is_owned);
  void class_pattern(const MatchClass* node, int reg, bool is_owned);
  void alternatives(const MatchOr* node, int reg, bool is_owned);
  void as_pattern(const MatchAs* node, int reg, bool is_owned);
  void capture(const Identifier* name, int reg, bool is_owned, const Span& span);
  void drop(int reg, bool is_owned) {
    if (is_owned) generator_.emit(Opcode::kCLEAR, Codegen::W(reg));
  }

  // A part of another pattern: it may match anything.
  void sub_pattern(const Pattern* node, int reg) {
    bool saved = allow_irrefutable_;
    allow_irrefutable_ = true;
    pattern(node, reg, true);
    allow_irrefutable_ = saved;
  }

  Codegen& generator_;
  int base_;
  bool allow_irrefutable_;  // false where other patterns would never be tried
  std::vector<Label*> failures_;
  std::vector<Capture> captures_;

 public:
  ~PatternCompiler() {
    for (Label* label : failures_) delete label;
  }
  PatternCompiler(const PatternCompiler&) = delete;
  PatternCompiler& operator=(const PatternCompiler&) = delete;
};

namespace {

bool numeric_key(const UnitConstant& key, double* real, double* imaginary) {
  *imaginary = 0;
  switch (key.kind) {
    case UnitKind::kTrue: *real = 1; return true;
    case UnitKind::kFalse: *real = 0; return true;
    case UnitKind::kInt:
      *real = static_cast<double>(key.literal->integer);
      return key.literal->is_small && *real < 0x1p53 && *real > -0x1p53;
    case UnitKind::kFloat: *real = key.literal->number; return true;
    case UnitKind::kImaginary: *real = 0, *imaginary = key.literal->number; return true;
    case UnitKind::kComplex:
      *real = key.items[0].literal->number;
      *imaginary = key.items[1].literal->number;
      return true;
    default: return false;
  }
}

// Equal as dict keys are.
bool is_same_key(const UnitConstant& a, const UnitConstant& b) {
  double real[2], imaginary[2];
  if (numeric_key(a, &real[0], &imaginary[0]) && numeric_key(b, &real[1], &imaginary[1])) {
    return real[0] == real[1] && imaginary[0] == imaginary[1];
  }
  return same_constant(a, b);
}

bool is_wildcard(const Pattern* pattern) {
  const MatchAs* node = try_as<MatchAs>(pattern);
  return node && !node->name && !node->pattern;
}

}  // namespace

void PatternCompiler::capture(const Identifier* name, int reg, bool is_owned, const Span& span) {
  generator_.is_forbidden(name, ExprContext::Store, span);
  for (const Capture& known : captures_) {
    if (known.name == name) {
      generator_.context_.syntax_error(span, "multiple assignments to name '%s' in pattern", name->utf8);
      return;
    }
  }
  captures_.push_back({name, reg, is_owned});
}

void PatternCompiler::value(const Pattern* node, const Expr* expected, int reg, bool is_owned) {
  Codegen& g = generator_;
  // Comparing consumes an owned value, so failing needs not empty it; but it lies below what the expected
  // value takes.
  Temps temps(g);
  Label& target = fail_here();
  Operand right = g.operand(expected);
  g.at(node->span);
  g.asm_.emit_jump(Opcode::kJUMP_IF_EQ, is_owned ? Codegen::killed(reg) : Codegen::live(reg), right, 0, target);
}

void PatternCompiler::pattern(const Pattern* node, int reg, bool is_owned) {
  Codegen& g = generator_;
  if (g.context_.is_too_deep()) return;
  switch (node->kind) {
    case PatternKind::MatchValue: {
      const Expr* expected = as<MatchValue>(node)->value;
      if (!g.is_constant(expected) && expected->kind != ExprKind::Attribute) {
        g.context_.syntax_error(node->span, "patterns may only match literals and attribute lookups");
        return;
      }
      value(node, expected, reg, is_owned);
      return;
    }
    case PatternKind::MatchSingleton: {
      const ConstantValue& expected = as<MatchSingleton>(node)->value;
      g.at(node->span);
      Operand left = is_owned ? Codegen::killed(reg) : Codegen::live(reg);
      if (expected.kind == LiteralKind::None) {
        g.asm_.emit_jump(Opcode::kJUMP_IF_NOT_NONE, left, fail_here());
      } else {
        Temps temps(g);
        Label& target = fail_here();
        Operand right = g.constant_operand_of(g.add_constant(make_constant(&expected)));
        g.asm_.emit_jump(Opcode::kJUMP_IF_IS, left, right, 0, target);
      }
      return;
    }
    case PatternKind::MatchSequence: sequence(as<MatchSequence>(node), reg, is_owned); return;
    case PatternKind::MatchMapping: mapping(as<MatchMapping>(node), reg, is_owned); return;
    case PatternKind::MatchClass: class_pattern(as<MatchClass>(node), reg, is_owned); return;
    case PatternKind::MatchStar: {
      const MatchStar* star = as<MatchStar>(node);
      g.at(node->span);
      if (star->name) {
        capture(star->name, reg, is_owned, node->span);
      } else {
        drop(reg, is_owned);
      }
      return;
    }
    case PatternKind::MatchAs: as_pattern(as<MatchAs>(node), reg, is_owned); return;
    case PatternKind::MatchOr: alternatives(as<MatchOr>(node), reg, is_owned); return;
  }
}

void PatternCompiler::as_pattern(const MatchAs* node, int reg, bool is_owned) {
  Codegen& g = generator_;
  g.at(node->span);
  if (!node->pattern && !allow_irrefutable_) {
    if (node->name) {
      g.context_.syntax_error(node->span, "name capture '%s' makes remaining patterns unreachable", node->name->utf8);
    } else {
      g.context_.syntax_error(node->span, "wildcard makes remaining patterns unreachable");
    }
    return;
  }
  if (!node->name) {  // _
    drop(reg, is_owned);
    return;
  }
  if (node->pattern) pattern(node->pattern, reg, false);
  capture(node->name, reg, is_owned, g.asm_.position());
}

void PatternCompiler::sequence(const MatchSequence* node, int reg, bool is_owned) {
  Codegen& g = generator_;
  const Seq<Pattern*>& patterns = node->patterns;
  uint32_t size = patterns.size;
  int star = -1;
  bool only_wildcards = true, star_is_wildcard = false;
  for (uint32_t i = 0; i < size; i++) {
    const MatchStar* node_star = try_as<MatchStar>(patterns[i]);
    if (node_star) {
      if (star >= 0) {
        g.context_.syntax_error(node->span, "multiple starred names in sequence pattern");
        return;
      }
      star = static_cast<int>(i);
      star_is_wildcard = !node_star->name;
      only_wildcards &= star_is_wildcard;
    } else {
      only_wildcards &= is_wildcard(patterns[i]);
    }
  }
  int test = g.alloc();
  g.at(node->span);
  Label& target = failure(test - base_);
  g.emit(Opcode::kMATCH_SEQUENCE, Codegen::W(test), Codegen::live(reg));
  g.asm_.emit_jump(Opcode::kJUMP_IF_FALSE, Codegen::killed(test), target);
  if (star < 0 || size > 1) {
    g.emit(Opcode::kGET_LENGTH, Codegen::W(test), Codegen::live(reg));
    Operand expected = g.constant_operand_of(g.int_constant(star < 0 ? size : size - 1));
    g.asm_.emit_jump(star < 0 ? Opcode::kJUMP_IF_EQ : Opcode::kJUMP_IF_GE, Codegen::killed(test), expected, 0, target);
  }
  g.next_temp_ = test;
  if (only_wildcards) {
    drop(reg, is_owned);
    return;
  }
  Operand subject = is_owned ? Codegen::killed(reg) : Codegen::live(reg);
  if (star >= 0 && (static_cast<uint32_t>(star) > 255 || size - static_cast<uint32_t>(star) - 1 > 127)) {
    g.context_.syntax_error(node->span, "too many expressions in star-unpacking sequence pattern");
    return;
  }
  if (star >= 0 && star_is_wildcard) {
    // The middle is not wanted: take the items one by one.
    for (uint32_t i = 0; i < size; i++) {
      if (static_cast<int>(i) == star || is_wildcard(patterns[i])) continue;
      int item = g.alloc();
      g.at(patterns[i]->span);
      if (static_cast<int>(i) < star) {
        Operand index = g.constant_operand_of(g.int_constant(i));
        g.emit(Opcode::kLOAD_ITEM, Codegen::W(item), Codegen::live(reg), index);
      } else {
        // Not every sequence takes negative indices.
        g.emit(Opcode::kGET_LENGTH, Codegen::W(item), Codegen::live(reg));
        Operand distance = g.constant_operand_of(g.int_constant(static_cast<int64_t>(size) - i));
        g.emit(Opcode::kSUB, Codegen::W(item), Codegen::killed(item), distance);
        g.emit(Opcode::kLOAD_ITEM, Codegen::W(item), Codegen::live(reg), Codegen::killed(item));
      }
      sub_pattern(patterns[i], item);
    }
    g.at(node->span);
    drop(reg, is_owned);
    return;
  }
  int first = g.next_temp_;
  for (uint32_t i = 0; i < size; i++) g.alloc();
  if (star < 0) {
    g.emit(Opcode::kUNPACK_SEQUENCE, Codegen::W(first), subject, static_cast<int>(size));
  } else {
    g.emit(Opcode::kUNPACK_EX, Codegen::W(first), subject,
           static_cast<int>(static_cast<uint32_t>(star) | (size - static_cast<uint32_t>(star) - 1) << 8));
  }
  for (uint32_t i = 0; i < size; i++) sub_pattern(patterns[i], first + static_cast<int>(i));
}

void PatternCompiler::mapping(const MatchMapping* node, int reg, bool is_owned) {
  Codegen& g = generator_;
  uint32_t size = node->keys.size;
  int test = g.alloc();
  g.at(node->span);
  Label& target = failure(test - base_);
  g.emit(Opcode::kMATCH_MAPPING, Codegen::W(test), Codegen::live(reg));
  g.asm_.emit_jump(Opcode::kJUMP_IF_FALSE, Codegen::killed(test), target);
  if (size == 0 && !node->rest) {
    g.next_temp_ = test;
    drop(reg, is_owned);
    return;
  }
  if (size > 0) {
    g.emit(Opcode::kGET_LENGTH, Codegen::W(test), Codegen::live(reg));
    Operand expected = g.constant_operand_of(g.int_constant(size));
    g.asm_.emit_jump(Opcode::kJUMP_IF_GE, Codegen::killed(test), expected, 0, target);
  }
  g.next_temp_ = test;
  bool all_constant = true;
  std::vector<UnitConstant> items(size);
  for (uint32_t i = 0; i < size; i++) {
    const Expr* key = node->keys[i];
    bool is_constant = g.constant_of(key, &items[i]);
    if (!is_constant && key->kind != ExprKind::Attribute) {
      g.context_.syntax_error(node->span, "mapping pattern keys may only match literals and attribute lookups");
      return;
    }
    for (uint32_t j = 0; is_constant && j < i; j++) {
      if (node->keys[j]->kind != ExprKind::Attribute && is_same_key(items[i], items[j])) {
        g.context_.syntax_error(node->span, "mapping pattern checks duplicate key (%s)", unparse(g.context_.arena, key).data());
        return;
      }
    }
    all_constant &= is_constant;
  }
  // The keys, then the values.
  Operand keys = 0;
  int keys_register = kNoRegister;
  bool needs_keys_later = node->rest != nullptr;
  if (all_constant) {
    keys = g.constant_operand_of(g.tuple_constant(items));
    if (keys & 1) keys_register = keys >> 1;
  } else {
    keys_register = g.alloc();
    Temps temps(g);
    g.next_temp_ = keys_register;
    g.sequence_into(keys_register, size, [&](size_t i) { return node->keys[i]; });
    g.at(node->span);
    g.emit(Opcode::kBUILD_TUPLE, Codegen::W(keys_register), Codegen::W(keys_register), static_cast<int>(size));
    keys = Codegen::killed(keys_register);
  }
  g.at(node->span);
  std::vector<std::pair<int, const Pattern*>> values;
  int result = kNoRegister;
  if (size > 0) {
    result = g.alloc();
    g.emit(Opcode::kMATCH_KEYS, Codegen::W(result), Codegen::live(reg), needs_keys_later ? keys & ~1 : keys);
    g.asm_.emit_jump(Opcode::kJUMP_IF_NONE, Codegen::live(result), fail_here());
  }
  int rest = kNoRegister;
  if (node->rest) {
    rest = g.alloc();
    g.emit(Opcode::kCOPY_DICT_WITHOUT, Codegen::W(rest), Codegen::live(reg), keys);
  }
  drop(reg, is_owned);
  if (size > 0) {
    int first = g.next_temp_;
    for (uint32_t i = 0; i < size; i++) g.alloc();
    g.emit(Opcode::kUNPACK_SEQUENCE, Codegen::W(first), Codegen::killed(result), static_cast<int>(size));
    for (uint32_t i = 0; i < size; i++) sub_pattern(node->patterns[i], first + static_cast<int>(i));
  }
  if (node->rest) capture(node->rest, rest, true, node->span);
}

void PatternCompiler::class_pattern(const MatchClass* node, int reg, bool is_owned) {
  Codegen& g = generator_;
  for (uint32_t i = 0; i < node->kwd_attrs.size; i++) {
    const Identifier* name = node->kwd_attrs[i];
    g.is_forbidden(name, ExprContext::Store, node->kwd_patterns[i]->span);
    for (uint32_t j = i + 1; j < node->kwd_attrs.size; j++) {
      if (node->kwd_attrs[j] == name) {
        g.context_.syntax_error(node->kwd_patterns[j]->span, "attribute name repeated in class pattern: %s", name->utf8);
        return;
      }
    }
  }
  uint32_t positional = node->patterns.size;
  uint32_t size = positional + node->kwd_patterns.size;
  if (size > 1000) {
    g.context_.syntax_error(node->span, "too many sub-patterns in class pattern");
    return;
  }
  int result = g.alloc();
  {
    Temps temps(g);
    int cls = g.alloc();
    g.into(node->cls, cls);
    int names = g.alloc();
    std::vector<UnitConstant> items;
    for (const Identifier* name : node->kwd_attrs) items.push_back(g.str_unit(name->view()));
    g.at(node->span);
    g.emit(Opcode::kMOVE, Codegen::W(result), is_owned ? Codegen::killed(reg) : Codegen::live(reg));
    g.load_constant(names, g.tuple_constant(items));
    g.emit(Opcode::kMATCH_CLASS, Codegen::W(result), Codegen::W(result), static_cast<int>(positional));
  }
  g.asm_.emit_jump(Opcode::kJUMP_IF_NONE, Codegen::live(result), fail_here());
  int first = g.next_temp_;
  for (uint32_t i = 0; i < size; i++) g.alloc();
  g.emit(Opcode::kUNPACK_SEQUENCE, Codegen::W(first), Codegen::killed(result), static_cast<int>(size));
  for (uint32_t i = 0; i < size; i++) {
    const Pattern* item = i < positional ? node->patterns[i] : node->kwd_patterns[i - positional];
    sub_pattern(item, first + static_cast<int>(i));
  }
}

void PatternCompiler::alternatives(const MatchOr* node, int reg, bool is_owned) {
  Codegen& g = generator_;
  Label matched;
  std::vector<Capture> outer = std::move(captures_);
  std::vector<const Identifier*> names;  // what every alternative binds, in the order of the first
  int slots = g.next_temp_;
  // How many names the first alternative binds is known after compiling it, so its values are moved to the
  // registers that its own pattern left at the bottom; the others follow that layout.
  uint32_t count = 0;
  {
    // A dry count: names in the first alternative.
    struct Count {
      static uint32_t of(const Pattern* p) {
        if (!p) return 0;
        uint32_t sum = 0;
        switch (p->kind) {
          case PatternKind::MatchSequence:
            for (const Pattern* child : as<MatchSequence>(p)->patterns) sum += of(child);
            return sum;
          case PatternKind::MatchMapping:
            for (const Pattern* child : as<MatchMapping>(p)->patterns) sum += of(child);
            return sum + (as<MatchMapping>(p)->rest ? 1 : 0);
          case PatternKind::MatchClass:
            for (const Pattern* child : as<MatchClass>(p)->patterns) sum += of(child);
            for (const Pattern* child : as<MatchClass>(p)->kwd_patterns) sum += of(child);
            return sum;
          case PatternKind::MatchStar: return as<MatchStar>(p)->name ? 1 : 0;
          case PatternKind::MatchAs: return of(as<MatchAs>(p)->pattern) + (as<MatchAs>(p)->name ? 1 : 0);
          case PatternKind::MatchOr: return of(as<MatchOr>(p)->patterns[0]);
          default: return 0;
        }
      }
    };
    count = Count::of(node->patterns[0]);
  }
  for (uint32_t i = 0; i < count; i++) g.alloc();
  int above = g.next_temp_;
  Label& outer_failure = failure(slots - base_);
  for (uint32_t i = 0; i < node->patterns.size; i++) {
    const Pattern* alternative = node->patterns[i];
    g.next_temp_ = above;
    // The alternative fails by itself: what lies above the slots is emptied, then the next one is tried.
    PatternCompiler inner(g, above - 1, allow_irrefutable_ && i + 1 == node->patterns.size);
    inner.pattern(alternative, reg, false);
    Span last = g.asm_.position();
    if (i == 0) {
      for (const Capture& capture : inner.captures_) names.push_back(capture.name);
    }
    bool is_same = inner.captures_.size() == names.size();
    for (uint32_t slot = 0; is_same && slot < names.size(); slot++) {
      const Capture* found = nullptr;
      for (const Capture& capture : inner.captures_) {
        if (capture.name == names[slot]) found = &capture;
      }
      if (!found) {
        is_same = false;
        break;
      }
      g.at(alternative->span);
      g.emit(Opcode::kMOVE, Codegen::W(slots + static_cast<int>(slot)),
             found->is_owned ? Codegen::killed(found->reg) : Codegen::live(found->reg));
    }
    if (!is_same) {
      g.context_.syntax_error(last, "alternative patterns bind different names");
      return;
    }
    g.asm_.jump(matched);
    inner.bind_failures();
    g.asm_.bind(inner.fail());
  }
  g.at(node->span);
  g.asm_.jump(outer_failure);
  g.asm_.bind(matched);
  g.next_temp_ = above;
  captures_ = std::move(outer);
  for (uint32_t slot = 0; slot < names.size(); slot++) {
    capture(names[slot], slots + static_cast<int>(slot), true, node->span);
  }
  drop(reg, is_owned);
}

void PatternCompiler::store_captures(const Span& span) {
  for (const Capture& capture : captures_) {
    generator_.at(span);
    generator_.store_name(capture.name, capture.is_owned ? Codegen::killed(capture.reg) : Codegen::live(capture.reg));
  }
}

// Falls from the place that empties n registers to the one that empties n - 1; ends at fail(), which is not
// yet bound.
void PatternCompiler::bind_failures() {
  for (size_t registers = failures_.size(); registers-- > 1;) {
    generator_.asm_.bind(*failures_[registers]);
    generator_.emit(Opcode::kCLEAR, Codegen::W(base_ + static_cast<int>(registers) - 1));
  }
}

void Codegen::match_statement(const Match* stmt) {
  Temps temps(*this);
  int subject = alloc();
  into(stmt->subject, subject);
  Label end;
  for (uint32_t i = 0; i < stmt->cases.size; i++) {
    const MatchCase* match_case = stmt->cases[i];
    Temps inner(*this);
    bool is_last = i + 1 == stmt->cases.size;
    PatternCompiler compiler(*this, subject, match_case->guard || is_last);
    compiler.pattern(match_case->pattern, subject, false);
    compiler.store_captures(match_case->pattern->span);
    next_temp_ = subject + 1;
    if (match_case->guard) jump_if(match_case->guard, false, compiler.fail());
    emit(Opcode::kCLEAR, W(subject));
    next_temp_ = subject;
    body(match_case->body);
    asm_.jump(end);
    // What cleans up after a pattern that did not match is not the body's line.
    at(match_case->guard ? match_case->guard->span : match_case->pattern->span);
    compiler.bind_failures();
    asm_.bind(compiler.fail());
  }
  emit(Opcode::kCLEAR, W(subject));
  asm_.bind(end);
}

}  // namespace pt::compiler
