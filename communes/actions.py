"""What the journal's actions on accounts, units and reference data are called on pages."""

NOUNS = {
    "authority": "cơ quan",
    "agency": "phòng, ban",
    "commune": "xã",
    "village": "thôn, bản",
    "recognition": "danh hiệu",
    "legaldocument": "văn bản viện dẫn",
    "user": "tài khoản",
    "membership": "vai trò",
}
VERBS = {
    "created": "Thêm",
    "loaded": "Nạp sẵn",
    "changed": "Sửa thông tin",
    "added": "Ghi",
    "granted": "Cấp",
    "ended": "Kết thúc",
    "withdrawn": "Rút lại",
}
LABELS = {
    "user.created": "Lập tài khoản",
    "user.changed": "Sửa thông tin tài khoản",
    "user.password_reset": "Cấp lại mật khẩu",
    "user.password_changed": "Tự đổi mật khẩu",
    "user.unlocked": "Mở khóa đăng nhập",
    "user.deactivated": "Khóa tài khoản",
    "user.reactivated": "Mở lại tài khoản",
    "user.handed_over": "Bàn giao",
    "user.removed": "Xóa tài khoản chưa dùng",
    "user.token_given": "Cấp mã truy cập API",
    "user.token_revoked": "Thu hồi mã truy cập API",
    "import.done": "Nhập dữ liệu từ tệp",
    "import.undone": "Hoàn tác lần nhập dữ liệu",
}


def action_label(action: str) -> str:
    """The words for membership.ended are "Kết thúc vai trò"; an unknown action is shown as it is stored."""
    if action in LABELS:
        return LABELS[action]
    noun, _, verb = action.partition(".")
    return f"{VERBS[verb]} {NOUNS[noun]}" if verb in VERBS and noun in NOUNS else action
